// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.trace;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A Chromium without a window, driven by its DevTools protocol. */
public final class Browser implements AutoCloseable {
  private static final JsonMapper JSON = new JsonMapper();
  private static final Pattern LISTENING =
      Pattern.compile("DevTools listening on (ws://(\\S+)/devtools/\\S+)");
  private static final List<String> NAMES =
      List.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable");
  private static final long SECONDS = 30;

  private final Process process;
  private final WebSocket socket;
  private final Incoming incoming = new Incoming();
  private int calls;

  /** A browser that the tests of a class share; the first that wants it starts it. */
  public static final class Shared implements AutoCloseable {
    private Browser browser;

    /** Returns the browser as if it had just started. */
    public Browser begin(Path profile) throws Exception {
      if (browser == null) {
        browser = start(profile);
      }
      browser.begin();
      return browser;
    }

    @Override
    public void close() throws IOException {
      if (browser != null) {
        browser.close();
      }
    }
  }

  /** Puts messages together and hands them to who waits. */
  private static final class Incoming implements WebSocket.Listener {
    private final StringBuilder message = new StringBuilder();
    private final Map<Integer, CompletableFuture<JsonNode>> waiting = new ConcurrentHashMap<>();
    private final List<String> complaints = new CopyOnWriteArrayList<>();

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
      message.append(data);
      if (last) {
        read(message.toString());
        message.setLength(0);
      }
      from.request(1);
      return null;
    }

    private void read(String text) {
      try {
        JsonNode json = JSON.readTree(text);
        String method = json.path("method").asText();
        if (json.has("id")) {
          boolean unused = waiting.remove(json.path("id").asInt()).complete(json);
        } else if (method.equals("Runtime.exceptionThrown")
            || method.equals("Network.requestWillBeSent")) {
          complaints.add(text);
        }
      } catch (JsonProcessingException e) {
        complaints.add(e.getMessage());
      }
    }
  }

  private Browser(Process process, URI page) throws Exception {
    this.process = process;
    this.socket =
        HttpClient.newHttpClient()
            .newWebSocketBuilder()
            .buildAsync(page, incoming)
            .get(SECONDS, TimeUnit.SECONDS);
  }

  /** Returns the program, if this machine has one. */
  private static Optional<Path> program() {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
        .flatMap(folder -> NAMES.stream().map(name -> Path.of(folder, name)))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /** Starts the browser; skips the test, and says so, where this machine has none. */
  private static Browser start(Path profile) throws Exception {
    Optional<Path> program = program();
    assumeTrue(program.isPresent(), "no Chromium on the PATH: the page is not opened");
    Process process =
        new ProcessBuilder(
                program.get().toString(),
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--remote-debugging-port=0",
                "--window-size=1100,700",
                "--user-data-dir=" + profile,
                "about:blank")
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      Browser browser = new Browser(process, page(process.errorReader()));
      for (String domain : new String[] {"Runtime", "Page"}) {
        browser.call(domain + ".enable", Map.of());
      }
      return browser;
    } catch (Exception e) {
      process.destroyForcibly();
      throw e;
    }
  }

  private static URI page(BufferedReader err) throws Exception {
    for (String line = err.readLine(); line != null; line = err.readLine()) {
      Matcher listening = LISTENING.matcher(line);
      if (listening.find()) {
        HttpRequest list =
            HttpRequest.newBuilder(URI.create("http://" + listening.group(2) + "/json/list"))
                .build();
        String targets =
            HttpClient.newHttpClient().send(list, HttpResponse.BodyHandlers.ofString()).body();
        for (JsonNode target : JSON.readTree(targets)) {
          if (target.path("type").asText().equals("page")) {
            return URI.create(target.path("webSocketDebuggerUrl").asText());
          }
        }
      }
    }
    throw new IOException("the browser ended before it listened");
  }

  /** Leaves its page and forgets what was preferred and complained about. */
  private void begin() throws Exception {
    call("Emulation.setEmulatedMedia", Map.of("features", List.of()));
    call("Emulation.clearDeviceMetricsOverride", Map.of());
    open("about:blank");
    call("Network.disable", Map.of());
    incoming.complaints.clear();
  }

  /** Opens a page and waits until its script has run. */
  public void open(String url) throws Exception {
    call("Page.navigate", Map.of("url", url));
    while (!eval("document.readyState + document.URL").asText().equals("complete" + url)) {
      Thread.sleep(20);
    }
    call("Network.enable", Map.of());
  }

  /** Returns what an expression gives. */
  public JsonNode eval(String expression) throws Exception {
    JsonNode result =
        request("Runtime.evaluate", Map.of("expression", expression, "returnByValue", true));
    if (result.has("exceptionDetails")) {
      throw new AssertionError(result.toString());
    }
    return result.path("result").path("value");
  }

  /** Runs a statement. */
  public void run(String statement) throws Exception {
    JsonNode unused = eval(statement);
  }

  /** Presses a key and lets it go. */
  public void press(String key) throws Exception {
    for (String type : new String[] {"keyDown", "keyUp"}) {
      call(
          "Input.dispatchKeyEvent",
          Map.of("type", type, "key", key, "code", key.equals(" ") ? "Space" : key));
    }
  }

  /** Lets a medium have a feature, such as {@code prefers-color-scheme: dark}. */
  public void prefer(String feature, String value) throws Exception {
    call(
        "Emulation.setEmulatedMedia",
        Map.of("features", List.of(Map.of("name", feature, "value", value))));
  }

  /** Writes a picture of the whole page, half as fine again as its pixels. */
  public void picture(Path file, int width, int height) throws Exception {
    call(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1.5, "mobile", false));
    String data = request("Page.captureScreenshot", Map.of("format", "png")).path("data").asText();
    Path unused = Files.write(file, Base64.getDecoder().decode(data));
  }

  /** Returns the errors of the page, and its requests to a network. */
  public List<String> complaints() {
    return new ArrayList<>(incoming.complaints);
  }

  private void call(String method, Map<String, ?> parameters) throws Exception {
    JsonNode unused = request(method, parameters);
  }

  private JsonNode request(String method, Map<String, ?> parameters) throws Exception {
    ObjectNode request = JSON.createObjectNode().put("id", ++calls).put("method", method);
    request.set("params", JSON.valueToTree(parameters));
    CompletableFuture<JsonNode> reply = new CompletableFuture<>();
    incoming.waiting.put(calls, reply);
    WebSocket unused = socket.sendText(request.toString(), true).get(SECONDS, TimeUnit.SECONDS);
    JsonNode json = reply.get(SECONDS, TimeUnit.SECONDS);
    if (json.has("error")) {
      throw new AssertionError(method + ": " + json);
    }
    return json.path("result");
  }

  @Override
  public void close() throws IOException {
    socket.abort();
    // Its helpers outlive it by moments and still write to the profile, which nobody could delete.
    List<ProcessHandle> all =
        Stream.concat(process.descendants(), Stream.of(process.toHandle())).toList();
    process.destroy();
    try {
      boolean unused = process.waitFor(SECONDS, TimeUnit.SECONDS);
      all.forEach(ProcessHandle::destroyForcibly);
      for (ProcessHandle each : all) {
        ProcessHandle unusedHandle = each.onExit().get(SECONDS, TimeUnit.SECONDS);
      }
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new IOException(e);
    }
  }
}
