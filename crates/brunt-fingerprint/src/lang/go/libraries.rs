//! Packages of Go's standard library and of widely used modules.

use crate::text::{before, path_parts, split_at};
use crate::words::{Beginnings, Words};

/// First elements of the standard library's packages.
static STANDARD: Words = Words::new(&[
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
]);

/// Beginnings of modules that are libraries wherever they lie.
static MODULES: Beginnings<39> = Beginnings::new([
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
    "gopkg.in/",
    "gorm.io/",
    "k8s.io/",
    "sigs.k8s.io/",
]);

/// Whether the function's package, or the file that holds it, is a library's.
pub(crate) fn holds(package: &str, file: &str) -> bool {
    // Modules that were fetched lie in folders of their version, also where the build hides the folders above.
    let has_version = |part: &str| split_at(part, "@v").is_some_and(|(name, _)| !name.is_empty());
    is_standard(package)
        || MODULES.begin(package)
        || path_parts(file).any(|(_, part)| part == "vendor" || has_version(part))
        || file.starts_with("/usr/local/go/src/")
        || file.starts_with("/usr/lib/go")
}

/// Whether a package is of the standard library, by its path.
pub(crate) fn is_standard(package: &str) -> bool {
    STANDARD.have(before(package, package.find('/').unwrap_or(package.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_and_fetched_packages_are_libraries() {
        MODULES.assert_searchable();
        for (package, file) in [
            ("net/http", "/usr/local/go/src/net/http/server.go"),
            ("github.com/x/y", "/root/go/pkg/mod/github.com/x/y@v1.2.3/y.go"),
            ("github.com/x/y", "github.com/x/y@v1.2.3/y.go"),
            ("github.com/x/y", "/srv/shop/vendor/github.com/x/y/y.go"),
            ("go.uber.org/zap", "zap.go"),
        ] {
            assert!(holds(package, file), "{package} {file}");
        }
        assert!(!holds("github.com/acme/shop/cart", "/srv/shop/cart/cart.go"));
        assert!(!holds("main", "/srv/shop/main.go"));
    }
}
