// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import io.github.md4.core.internal.text.Counted;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;

/** A request of a client and the answer to it. The body is read once. */
final class Exchange {
  /** The bytes beyond the limit that are read so that a client who still sends hears the answer. */
  private static final int MOST_DRAINED = 4 << 20;

  private static final int PIECE = 8192;

  private final HttpExchange http;
  private final ServeLimits limits;
  private final Watchdog watchdog;
  private int status; // 0 before the answer
  private EventWriter events; // null unless the answer is a stream

  Exchange(HttpExchange http, ServeLimits limits, Watchdog watchdog) {
    this.http = http;
    this.limits = limits;
    this.watchdog = watchdog;
  }

  String method() {
    return http.getRequestMethod();
  }

  String path() {
    return http.getRequestURI().getPath();
  }

  Optional<String> header(String name) {
    return Optional.ofNullable(http.getRequestHeaders().getFirst(name));
  }

  /** Returns the status of the answer, 0 before it. */
  synchronized int status() {
    return status;
  }

  InetSocketAddress client() {
    return http.getRemoteAddress();
  }

  InetSocketAddress server() {
    return http.getLocalAddress();
  }

  /**
   * Returns the fields of the body.
   *
   * @throws Refusal if it is no JSON object, too large or too slow
   * @throws IOException if the client is gone
   */
  Fields fields() throws IOException {
    String type = header("Content-Type").orElse("").toLowerCase(Locale.ROOT);
    if (!type.split(";", -1)[0].strip().equals("application/json")) {
      throw Refusal.of(415, "content_type", "the Content-Type must be application/json");
    }
    return Fields.read(body());
  }

  private byte[] body() throws IOException {
    Watchdog.Watch watch = watchdog.within(limits.reading(), this::refuseTooSlow);
    try (InputStream in = http.getRequestBody()) {
      byte[] body = in.readNBytes(limits.body() + 1);
      if (body.length > limits.body()) {
        drain(in);
        throw Refusal.of(
            413, "body_size", "the body must have at most " + Counted.of(limits.body(), "byte"));
      }
      return body;
    } catch (IOException e) {
      if (status() != 0) {
        throw e; // it was too slow
      }
      throw Refusal.wrong("the body ends too early, or its chunks are no chunks");
    } finally {
      watch.close();
    }
  }

  private static void drain(InputStream in) throws IOException {
    byte[] piece = new byte[PIECE];
    int left = MOST_DRAINED;
    for (int n = in.read(piece); n > 0 && left > 0; n = in.read(piece)) {
      left -= n;
    }
  }

  /** The reading thread waits in the socket; the server closes that a little later. */
  private void refuseTooSlow() {
    String late = "the body must be here within %d ms".formatted(limits.reading().toMillis());
    try {
      http.getResponseHeaders().set("Connection", "close");
      OutputStream out = begin(408, "application/json", line(Refusal.of(408, "slow", late).json()));
      out.flush();
    } catch (IOException e) {
      http.close();
    }
  }

  /** Answers with a line of JSON. */
  void send(int code, ObjectNode json) throws IOException {
    send(code, "application/json", line(json));
  }

  private static byte[] line(ObjectNode json) {
    return (json + "\n").getBytes(StandardCharsets.UTF_8);
  }

  /** Answers with a whole body. */
  void send(int code, String type, byte[] body) throws IOException {
    try (OutputStream out = begin(code, type, body)) {
      out.flush();
    }
  }

  private synchronized OutputStream begin(int code, String type, byte[] body) throws IOException {
    if (status != 0) {
      throw new IOException("the request is answered already");
    }
    status = code;
    http.getResponseHeaders().set("Content-Type", type);
    http.sendResponseHeaders(code, body.length);
    OutputStream out = http.getResponseBody();
    out.write(body);
    return out;
  }

  /** Sets a header of the answer. */
  void setHeader(String name, String value) {
    http.getResponseHeaders().set(name, value);
  }

  /** Begins an answer of server-sent events. */
  synchronized EventWriter events() throws IOException {
    status = 200;
    setHeader("Content-Type", "text/event-stream");
    setHeader("Cache-Control", "no-store");
    setHeader("X-Accel-Buffering", "no");
    http.sendResponseHeaders(status, 0);
    events = new EventWriter(http.getResponseBody());
    return events;
  }

  /** Tells the client of a failure: as the answer, or as the last event of a stream. */
  void refuse(Refusal refusal) throws IOException {
    if (events != null) {
      events.event("error", refusal.json());
      events.close();
    } else if (status() == 0) {
      send(refusal.status(), refusal.json());
    }
  }

  /** Ends the exchange, answered or not. */
  void close() {
    http.close();
  }
}
