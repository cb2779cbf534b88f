import com.beust.jcommander.JCommander;
import com.beust.jcommander.Parameter;
import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.xml.XmlMapper;
import freemarker.template.Configuration;
import freemarker.template.Template;
import freemarker.template.TemplateExceptionHandler;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.commons.beanutils.PropertyUtils;
import org.apache.commons.codec.binary.Hex;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.codec.language.Soundex;
import org.apache.commons.codec.net.URLCodec;
import org.apache.commons.collections4.CollectionUtils;
import org.apache.commons.collections4.ListUtils;
import org.apache.commons.collections4.list.FixedSizeList;
import org.apache.commons.collections4.list.PredicatedList;
import org.apache.commons.collections4.list.UnmodifiableList;
import org.apache.commons.collections4.queue.CircularFifoQueue;
import org.apache.commons.io.ByteOrderMark;
import org.apache.commons.io.FileUtils;
import org.apache.commons.io.IOUtils;
import org.apache.commons.io.LineIterator;
import org.apache.commons.lang3.ClassUtils;
import org.apache.commons.lang3.LocaleUtils;
import org.apache.commons.lang3.RandomStringUtils;
import org.apache.commons.lang3.SerializationUtils;
import org.apache.commons.lang3.math.NumberUtils;
import org.apache.commons.lang3.reflect.FieldUtils;
import org.apache.commons.lang3.reflect.MethodUtils;
import org.apache.commons.lang3.time.DateUtils;
import org.apache.commons.lang3.time.FastDateFormat;
import org.apache.commons.lang3.time.StopWatch;
import org.apache.commons.text.StringSubstitutor;
import org.apache.commons.text.TextStringBuilder;
import org.apache.http.client.methods.HttpGet;
import org.apache.http.impl.client.HttpClients;
import org.apache.http.message.BasicHeader;
import org.apache.http.util.EntityUtils;
import org.yaml.snakeyaml.Yaml;

/**
 * Faults of libraries on the JVM: what a program does wrong, and the library that then fails.
 *
 * <p>Run by {@code failures.py} once for each release of a program that ships all these libraries. Prints a line of
 * JSON for each fault and each way to reach it.
 */
public class Faults {
  interface Fault {
    Object run() throws Exception;
  }

  /** A library: its package and the file that names its release. */
  static final class Project {
    final String name;
    final Map<String, Fault> faults = new LinkedHashMap<>();

    Project(String name) {
      this.name = name;
    }

    Project fault(String what, Fault fault) {
      faults.put(what, fault);
      return this;
    }
  }

  public static class Order {
    public int amount;
  }

  public static class Closed {
    private Closed(int amount, int tax) {}
  }

  public static class Loop {
    public Loop self = this;
  }

  public static class Arguments {
    @Parameter(names = "--count", required = true)
    public Integer count;
  }

  static String rendered(String source) throws Exception {
    Configuration configuration = new Configuration(Configuration.VERSION_2_3_28);
    configuration.setTemplateExceptionHandler(TemplateExceptionHandler.RETHROW_HANDLER);
    configuration.setLogTemplateExceptions(false);
    Map<String, Object> model = new HashMap<>();
    model.put("word", "twelve");
    StringWriter out = new StringWriter();
    new Template("order.ftl", source, configuration).process(model, out);
    return out.toString();
  }

  static final ObjectMapper JSON = new ObjectMapper();

  static List<Project> projects() {
    return Arrays.asList(
        new Project("com.fasterxml.jackson jackson-databind")
            .fault("object left open", () -> JSON.readTree("{\"a\": 1"))
            .fault("key without quotes", () -> JSON.readTree("{a: 1}"))
            .fault("token that is none", () -> JSON.readTree("nul"))
            .fault("number that is none", () -> JSON.readTree("1e+"))
            .fault("control character", () -> JSON.readTree("\"a\nb\""))
            .fault("unknown property", () -> JSON.readValue("{\"total\": 1}", Order.class))
            .fault("text for a number", () -> JSON.readValue("{\"amount\": \"many\"}", Order.class))
            .fault("list for an object", () -> JSON.readValue("[]", Order.class))
            .fault("no constructor", () -> JSON.readValue("{}", Closed.class))
            .fault("nothing to write", () -> JSON.writeValueAsString(new Object()))
            .fault("object within itself", () -> JSON.writeValueAsString(new Loop()))
            .fault("pointer without a slash", () -> JsonPointer.compile("a/b"))
            .fault("converted", () -> JSON.convertValue("many", Integer.class))
            .fault("empty", () -> JSON.readValue("", Order.class))
            .fault("null for a number", () -> new ObjectMapper().enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES).readValue("{\"amount\": null}", Order.class))
            .fault("key of another type", () -> JSON.readValue("{\"a\": 1}", new TypeReference<Map<Integer, Integer>>() {})),
        new Project("com.ctc.wstx woodstox-core")
            .fault("element left open", () -> new XmlMapper().readTree("<a><b>"))
            .fault("element closed by another", () -> new XmlMapper().readTree("<a></b>"))
            .fault("entity that is none", () -> new XmlMapper().readTree("<a>&total;</a>"))
            .fault("no element", () -> new XmlMapper().readTree("total")),
        new Project("org.yaml.snakeyaml snakeyaml")
            .fault("list left open", () -> new Yaml().load("a: [1, 2"))
            .fault("mapping within a line", () -> new Yaml().load("a: b: c"))
            .fault("unknown alias", () -> new Yaml().load("a: *b"))
            .fault("unknown class", () -> new Yaml().load("!!no.such.Order {}"))
            .fault("tab", () -> new Yaml().load("a:\n\t- b"))
            .fault("two documents", () -> new Yaml().load("a\n---\nb")),
        new Project("freemarker freemarker")
            .fault("condition left open", () -> rendered("<#if word>a"))
            .fault("unknown directive", () -> rendered("<#fi word></#fi>"))
            .fault("nothing", () -> rendered("${total}"))
            .fault("part of nothing", () -> rendered("${total.amount}"))
            .fault("unknown method", () -> rendered("${word?nothing}"))
            .fault("text as a list", () -> rendered("<#list word as one>${one}</#list>"))
            .fault("text as a number", () -> rendered("${word?number}"))
            .fault("text as a condition", () -> rendered("<#if word>a</#if>"))
            .fault("text called", () -> rendered("${word(1)}"))
            .fault("divided by zero", () -> rendered("${1 / 0}"))
            .fault("no template", () -> rendered("<#include \"total.ftl\">"))
            .fault("unknown macro", () -> rendered("<@total/>")),
        new Project("org.apache.commons.lang3 commons-lang3")
            .fault("no number", () -> NumberUtils.createNumber("abc"))
            .fault("blank number", () -> NumberUtils.createNumber(" "))
            .fault("no date", () -> DateUtils.parseDate("tomorrow", "yyyy-MM-dd"))
            .fault("pattern of a date", () -> FastDateFormat.getInstance("bbbb"))
            .fault("no class", () -> ClassUtils.getClass("no.such.Order"))
            .fault("no locale", () -> LocaleUtils.toLocale("x_y_z_"))
            .fault("bytes of no object", () -> SerializationUtils.deserialize(new byte[] {1}))
            .fault("no such method", () -> MethodUtils.invokeMethod("a", "total"))
            .fault("no such field", () -> FieldUtils.readField((Object) "a", "total", true))
            .fault("negative length", () -> RandomStringUtils.random(-1))
            .fault("watch not started", () -> { new StopWatch().stop(); return 0; })
            .fault("watch started twice", () -> { StopWatch watch = StopWatch.createStarted(); watch.start(); return 0; }),
        new Project("org.apache.commons.io commons-io")
            .fault("no file", () -> FileUtils.readFileToString(new File("/no/such"), "UTF-8"))
            .fault("folder as a file", () -> FileUtils.readFileToString(new File("/tmp"), "UTF-8"))
            .fault("copied folder as a file", () -> { FileUtils.copyFile(new File("/tmp"), new File("/tmp/a")); return 0; })
            .fault("fewer bytes", () -> { IOUtils.readFully(new ByteArrayInputStream(new byte[2]), new byte[4]); return 0; })
            .fault("other size", () -> IOUtils.toByteArray(new ByteArrayInputStream(new byte[2]), 4))
            .fault("mark without bytes", () -> new ByteOrderMark("a"))
            .fault("file as a folder", () -> { FileUtils.forceMkdir(new File("/etc/hostname")); return 0; })
            .fault("no line left", () -> new LineIterator(new StringReader("")).next()),
        new Project("org.apache.commons.codec commons-codec")
            .fault("odd number of digits", () -> Hex.decodeHex("abc".toCharArray()))
            .fault("no digit", () -> Hex.decodeHex("zz".toCharArray()))
            .fault("unknown digest", () -> DigestUtils.getDigest("nothing"))
            .fault("letter without a sound", () -> new Soundex().encode("\u00e9"))
            .fault("escape that is none", () -> new URLCodec().decode("%z")),
        new Project("org.apache.commons.collections4 commons-collections4")
            .fault("queue without room", () -> new CircularFifoQueue<Integer>(0))
            .fault("list that may not grow", () -> { FixedSizeList.fixedSizeList(new ArrayList<>(Arrays.asList(1))).add(2); return 0; })
            .fault("list that may not change", () -> { UnmodifiableList.unmodifiableList(new ArrayList<>(Arrays.asList(1))).add(2); return 0; })
            .fault("value that may not be", () -> { PredicatedList.predicatedList(new ArrayList<Integer>(), value -> value > 0).add(-1); return 0; })
            .fault("index past the end", () -> CollectionUtils.get(Collections.singletonMap(1, 2), 9))
            .fault("parts of nothing", () -> ListUtils.partition(Arrays.asList(1), 0)),
        new Project("org.apache.commons.text commons-text")
            .fault("variable within itself", () -> new StringSubstitutor(Collections.singletonMap("a", "${a}")).replace("${a}"))
            .fault("character past the end", () -> new TextStringBuilder("a").deleteCharAt(9))
            .fault("range past the end", () -> new TextStringBuilder("a").replace(3, 2, "b")),
        new Project("org.apache.commons.beanutils commons-beanutils")
            .fault("no such property", () -> PropertyUtils.getProperty(new Order(), "total"))
            .fault("property of nothing", () -> PropertyUtils.getProperty(null, "total"))
            .fault("name of nothing", () -> PropertyUtils.getProperty(new Order(), null)),
        new Project("org.apache.http httpclient")
            .fault("refused", () -> HttpClients.createDefault().execute(new HttpGet("http://127.0.0.1:1/")))
            .fault("no host", () -> HttpClients.createDefault().execute(new HttpGet("/orders")))
            .fault("no address", () -> new HttpGet("http://a b"))
            .fault("header without a name", () -> new BasicHeader(null, "a"))
            .fault("no entity", () -> EntityUtils.toString(null))
            .fault("unknown scheme", () -> HttpClients.createDefault().execute(new HttpGet("gopher://127.0.0.1/"))),
        new Project("com.beust.jcommander jcommander")
            .fault("unknown option", () -> { new JCommander(new Arguments()).parse("--total", "3"); return 0; })
            .fault("option without its value", () -> { new JCommander(new Arguments()).parse("--count"); return 0; })
            .fault("required option missing", () -> { new JCommander(new Arguments()).parse(); return 0; })
            .fault("value of a wrong type", () -> { new JCommander(new Arguments()).parse("--count", "many"); return 0; })
            .fault("option twice", () -> { new JCommander(new Arguments()).parse("--count", "1", "--count", "2"); return 0; }));
  }

  static class Worker {
    private final List<Fault> jobs;

    Worker(Fault job) {
      jobs = Collections.singletonList(job);
    }

    void run() throws Exception {
      for (Fault job : jobs) {
        handle(job);
      }
    }

    private void handle(Fault job) throws Exception {
      job.run();
    }
  }

  static Object fromRequest(Fault fault) throws Exception {
    return view(fault);
  }

  static Object view(Fault fault) throws Exception {
    return fault.run();
  }

  static void fromPool(Fault fault) throws Exception {
    ExecutorService pool = Executors.newSingleThreadExecutor();
    try {
      Exception[] failed = new Exception[1];
      pool.submit(() -> {
        try {
          fault.run();
        } catch (Exception error) {
          failed[0] = error;
        }
      }).get();
      if (failed[0] != null) {
        throw failed[0];
      }
    } finally {
      pool.shutdown();
    }
  }

  interface Way {
    void reach(Fault fault) throws Exception;
  }

  public static void main(String[] arguments) throws Exception {
    Map<String, Way> ways = new LinkedHashMap<>();
    ways.put("request", Faults::fromRequest);
    ways.put("worker", fault -> new Worker(fault).run());
    ways.put("report", Faults::fromPool);
    PrintWriter out = new PrintWriter(System.out, true);
    for (Project project : projects()) {
      for (Map.Entry<String, Fault> fault : project.faults.entrySet()) {
        for (Map.Entry<String, Way> way : ways.entrySet()) {
          try {
            way.getValue().reach(fault.getValue());
            break;
          } catch (LinkageError absent) {
            break;
          } catch (Throwable error) {
            StringWriter stack = new StringWriter();
            error.printStackTrace(new PrintWriter(stack));
            Map<String, String> line = new LinkedHashMap<>();
            line.put("language", "java");
            line.put("project", project.name);
            line.put("fault", fault.getKey());
            line.put("way", way.getKey());
            line.put("type", error.getClass().getName());
            line.put("stack", stack.toString());
            out.println(JSON.writeValueAsString(line));
          }
        }
      }
    }
  }
}
