// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** A server of one model over HTTP, by the server of the JDK. */
final class ModelServer implements AutoCloseable {
  /** Connections beyond those of running requests: idle ones, refused ones, slow ones. */
  private static final int MORE_CONNECTIONS = 768;

  private static final int BACKLOG = 256;
  private static final long IDLE_SECONDS = 30;
  private static final long LOOK_MILLIS = 20;
  private static final Duration LAST_WORDS = Duration.ofSeconds(5);

  private final ServedModel served;
  private final ServeLimits limits;
  private final HttpServer http;
  private final ThreadPoolExecutor threads;
  private final Watchdog watchdog = new Watchdog();
  private final Metrics metrics = new Metrics();
  private volatile boolean isClosing;

  private ModelServer(
      ServedModel served, ServeLimits limits, HttpServer http, BearerToken token, ServeLog log) {
    this.served = served;
    this.limits = limits;
    this.http = http;
    this.threads = threads(connections(limits));
    Requests requests = new Requests(served, limits, new ClientWatch(watchdog));
    List<Endpoint> endpoints =
        List.of(
            new PageEndpoint(),
            new HealthEndpoint(served, () -> isClosing),
            new MetricsEndpoint(served, metrics),
            new ModelsEndpoint(served),
            new ModelEndpoint(served),
            new CompletionsEndpoint(served, requests, metrics),
            new InfillEndpoint(served, requests, metrics),
            new ScoreEndpoint(served, requests, metrics));
    http.setExecutor(threads);
    var unused =
        http.createContext(
            "/", new Router(endpoints, token, limits, watchdog, metrics, log, () -> isClosing));
  }

  /**
   * Starts a server.
   *
   * @param served is not closed with it
   * @param address the port 0 is any free one
   * @throws IOException if the address cannot be had
   */
  static ModelServer start(
      ServedModel served,
      InetSocketAddress address,
      ServeLimits limits,
      BearerToken token,
      ServeLog log)
      throws IOException {
    configure(limits);
    HttpServer http = HttpServer.create(address, BACKLOG);
    ModelServer server = new ModelServer(served, limits, http, token, log);
    http.start();
    return server;
  }

  private static int connections(ServeLimits limits) {
    return limits.concurrency() + MORE_CONNECTIONS;
  }

  /** The JDK reads these once in a process, so the first server's hold for all. */
  private static void configure(ServeLimits limits) {
    // A second more than we wait ourselves: then a slow client is answered before it is cut off.
    long reading = limits.reading().toSeconds() + 1;
    set("sun.net.httpserver.maxReqTime", reading);
    set("sun.net.httpserver.maxRspTime", limits.time().plus(LAST_WORDS).toSeconds());
    set("sun.net.httpserver.idleInterval", IDLE_SECONDS);
    set("sun.net.httpserver.maxIdleConnections", connections(limits));
    set("jdk.httpserver.maxConnections", connections(limits));
    if (System.getProperty("sun.net.httpserver.nodelay") == null) {
      String unused = System.setProperty("sun.net.httpserver.nodelay", "true");
    }
  }

  private static void set(String name, long value) {
    if (System.getProperty(name) == null) {
      String unused = System.setProperty(name, Long.toString(value));
    }
  }

  /** A slow client holds a thread, so there is one for each connection. */
  private static ThreadPoolExecutor threads(int most) {
    ThreadPoolExecutor threads =
        new ThreadPoolExecutor(
            most,
            most,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Threads.daemons("md4-http"));
    threads.allowCoreThreadTimeOut(true);
    return threads;
  }

  /** Returns the address that it listens at. */
  InetSocketAddress address() {
    return http.getAddress();
  }

  /**
   * Refuses new requests, lets those that run end within the grace, and ends the others, which are
   * told so.
   */
  @Override
  public void close() {
    isClosing = true;
    await(limits.grace());
    served.model().closeWithin(Duration.ZERO);
    await(LAST_WORDS);
    http.stop(0);
    threads.shutdownNow();
    watchdog.close();
  }

  private void await(Duration time) {
    long end = System.nanoTime() + time.toNanos();
    try {
      while (metrics.active() > 0 && System.nanoTime() - end < 0) {
        Thread.sleep(LOOK_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
