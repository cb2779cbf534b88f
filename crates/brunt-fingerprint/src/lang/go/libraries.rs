//! Packages of Go's standard library and of widely used modules.

use crate::text::before;

/// First elements of the standard library's packages.
const STANDARD: [&str; 49] = [
    "archive",
    "bufio",
    "bytes",
    "cmp",
    "compress",
    "container",
    "context",
    "crypto",
    "database",
    "debug",
    "embed",
    "encoding",
    "errors",
    "expvar",
    "flag",
    "fmt",
    "go",
    "hash",
    "html",
    "image",
    "index",
    "internal",
    "io",
    "iter",
    "log",
    "maps",
    "math",
    "mime",
    "net",
    "os",
    "panic",
    "path",
    "plugin",
    "reflect",
    "regexp",
    "runtime",
    "slices",
    "sort",
    "strconv",
    "strings",
    "structs",
    "sync",
    "syscall",
    "testing",
    "text",
    "time",
    "unicode",
    "unique",
    "vendor",
];

/// Beginnings of modules that are libraries wherever they lie.
const MODULES: [&str; 36] = [
    "cloud.google.com/",
    "entgo.io/",
    "github.com/Azure/",
    "github.com/Shopify/sarama",
    "github.com/aws/",
    "github.com/cockroachdb/errors",
    "github.com/getsentry/",
    "github.com/gin-gonic/",
    "github.com/go-chi/",
    "github.com/go-kit/",
    "github.com/go-redis/",
    "github.com/go-sql-driver/",
    "github.com/gofiber/",
    "github.com/gogo/",
    "github.com/golang/",
    "github.com/google/",
    "github.com/gorilla/",
    "github.com/grpc-ecosystem/",
    "github.com/hashicorp/",
    "github.com/jackc/",
    "github.com/jmoiron/",
    "github.com/julienschmidt/",
    "github.com/labstack/",
    "github.com/lib/pq",
    "github.com/pkg/errors",
    "github.com/redis/",
    "github.com/sirupsen/",
    "github.com/spf13/",
    "github.com/stretchr/",
    "github.com/valyala/",
    "go.mongodb.org/",
    "go.opentelemetry.io/",
    "go.uber.org/",
    "golang.org/",
    "google.golang.org/",
    "gorm.io/",
];

/// Whether the function's package, or the file that holds it, is a library's.
pub(crate) fn holds(package: &str, file: &str) -> bool {
    let first = before(package, package.find('/').unwrap_or(package.len()));
    // Modules that were fetched lie in folders of their version, also where the build hides the folders above.
    STANDARD.contains(&first)
        || MODULES.iter().any(|module| package.starts_with(module))
        || ["gopkg.in/", "k8s.io/", "sigs.k8s.io/"].iter().any(|host| package.starts_with(host))
        || ["/pkg/mod/", "@v", "/vendor/", "/usr/local/go/src/", "/usr/lib/go"]
            .iter()
            .any(|mark| file.contains(mark))
}
