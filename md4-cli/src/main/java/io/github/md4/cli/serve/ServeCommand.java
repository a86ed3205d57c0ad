// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.failure.Usage;
import io.github.md4.cli.model.ModelArgument;
import io.github.md4.cli.model.ModelOptions;
import io.github.md4.cli.option.OptionTypes;
import io.github.md4.cli.screen.Visible;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.sample.MaskedDiffusion;
import io.github.md4.sample.SamplingOptions;
import io.github.md4.sample.method.ExactMethod;
import io.github.md4.sample.method.PublishedMethod;
import io.github.md4.sample.method.SamplingMethod;
import io.github.md4.sample.method.SamplingProcedure;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command {@code md4 serve}. */
@Command(
    name = "serve",
    description = {
      "Serves a model over HTTP: OpenAI's /v1/completions, where a prompt is a beginning that does"
          + " not change, /v1/infill, /v1/score, a page at / to try them, /metrics and /health.",
      "A signal ends it: it takes no new requests, and those that run end within --grace."
    },
    sortOptions = false,
    footer = {
      "%nExamples:",
      "  md4 serve runs/quickstart",
      "  md4 serve runs/quickstart --host 0.0.0.0 --token-file token.txt --steps 64"
    })
public final class ServeCommand implements Callable<Integer> {
  private static final int LAST_PORT = 65_535;

  @Spec private CommandSpec spec;

  @Mixin private ModelArgument folder;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "The name that clients call the model. Default: that of its folder.")
  private String name;

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      description =
          "The address to listen at; 0.0.0.0 is all of this machine. Default: ${DEFAULT-VALUE},"
              + " which other machines do not reach.")
  private String host = "127.0.0.1";

  @Option(
      names = "--port",
      paramLabel = "N",
      description = "The port; 0 is any free one. Default: ${DEFAULT-VALUE}.")
  private int port = 8080;

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description =
          "A file with a token that clients must show: Authorization: Bearer TOKEN. Default: none.")
  private Path tokenFile;

  /** The methods that are written without arguments. */
  private static final class NamedMethods implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Stream.concat(Stream.of(new ExactMethod.LeftToRight()), PublishedMethod.all().stream())
          .map(SamplingMethod::name)
          .iterator();
    }
  }

  @Option(
      names = "--sampler",
      paramLabel = "METHOD",
      completionCandidates = NamedMethods.class,
      description =
          "The sampler of requests that name none, in the form of docs/service.md. Without"
              + " this option: ancestral(1000, cosine, argmax), of an autoregressive model"
              + " autoregressive.")
  private String sampler;

  @Option(
      names = "--steps",
      paramLabel = "T",
      converter = OptionTypes.Count.class,
      description = "The steps of requests that name none. Default: those of --sampler.")
  private Integer steps;

  @Option(
      names = "--concurrency",
      paramLabel = "N",
      converter = OptionTypes.Count.class,
      description =
          "The most requests that run at once; others are refused with 429. Default:"
              + " ${DEFAULT-VALUE}.")
  private int concurrency = ServeLimits.defaults().concurrency();

  @Option(
      names = "--max-body",
      paramLabel = "BYTES",
      converter = OptionTypes.Count.class,
      description = "The most bytes of a request's body. Default: ${DEFAULT-VALUE}.")
  private int body = ServeLimits.defaults().body();

  @Option(
      names = "--read-timeout",
      paramLabel = "TIME",
      description = "The time in which a request must arrive, such as 10s. Default: 10s.")
  private Duration reading = ServeLimits.defaults().reading();

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      description = "The time after which a request fails, such as 90s or 5m. Default: 5m.")
  private Duration time = ServeLimits.defaults().time();

  @Option(
      names = "--grace",
      paramLabel = "TIME",
      description = "The time that running requests get after a signal. Default: 30s.")
  private Duration grace = ServeLimits.defaults().grace();

  @Option(names = "--access-log", description = "Print a line for each request on stderr.")
  private boolean accessLog;

  @Mixin private ModelOptions options;

  @Override
  public Integer call() throws IOException {
    check();
    InetSocketAddress address = address();
    BearerToken token = tokenFile == null ? BearerToken.none() : BearerToken.read(tokenFile);
    PrintWriter err = spec.commandLine().getErr();
    try (MaskedDiffusion model = options.generator(folder.path());
        StopRequest stop = StopRequest.listen(err)) {
      ServedModel served = served(model);
      try (ModelServer server =
          ModelServer.start(served, address, limits(), token, new ServeLog(err, accessLog))) {
        tell(served, server, token);
        stop.await();
      }
    } catch (BindException e) {
      throw new IOException(
          "%s port %d: %s; choose another with --port".formatted(host, port, e.getMessage()), e);
    }
    return ExitCodes.INTERRUPTED;
  }

  private void check() {
    Usage.require(spec, port >= 0 && port <= LAST_PORT, "'--port' must be in [0, 65535]: " + port);
    for (Duration each : new Duration[] {reading, time}) {
      Usage.require(spec, !each.isZero(), "'--read-timeout' and '--timeout' must be over 0s");
    }
  }

  private ServeLimits limits() {
    return new ServeLimits(body, concurrency, reading, time, grace);
  }

  private InetSocketAddress address() {
    try {
      return new InetSocketAddress(InetAddress.getByName(host), port);
    } catch (UnknownHostException e) {
      throw Usage.error(spec, "'--host' is no address of this machine: " + host);
    }
  }

  private ServedModel served(MaskedDiffusion model) {
    if (model.description().tokenizer().image().isPresent()) {
      throw new InvalidDataException(folder.path(), "is a model of images; texts alone are served");
    }
    String called = name == null ? nameOf(folder.path()) : name;
    ModelConfig config = model.description().config();
    long now = Instant.now().getEpochSecond();
    return new ServedModel(
        model, called, config.length(), config.network().classes(), defaults(model), now);
  }

  private static String nameOf(Path path) {
    Path last = path.toAbsolutePath().normalize().getFileName();
    return last == null ? "model" : last.toString();
  }

  private SamplingOptions defaults(MaskedDiffusion model) {
    try {
      SamplingOptions defaults = SamplingOptions.defaults();
      defaults =
          sampler == null
              ? defaults.withMethod(defaults.method(model.generation()))
              : defaults.sampler(sampler);
      defaults = steps == null ? defaults : defaults.steps(steps);
      SamplingProcedure unused = defaults.method().under(model.schedule(), model.generation());
      return defaults;
    } catch (IllegalArgumentException e) {
      throw Usage.error(spec, "'--sampler': " + e.getMessage());
    }
  }

  private void tell(ServedModel served, ModelServer server, BearerToken token) {
    InetSocketAddress address = server.address();
    String at = address.getAddress().getHostAddress();
    String shown = at.contains(":") ? "[" + at + "]" : at;
    PrintWriter out = spec.commandLine().getOut();
    out.printf(
        "%s at http://%s:%d/ (ends at Ctrl-C)%n",
        Visible.of(served.name()), shown, address.getPort());
    out.flush();
    if (!address.getAddress().isLoopbackAddress() && !token.isAsked()) {
      spec.commandLine()
          .getErr()
          .println(
              "md4: other machines may reach this server, and no token is asked for; --token-file asks for one");
    }
  }
}
