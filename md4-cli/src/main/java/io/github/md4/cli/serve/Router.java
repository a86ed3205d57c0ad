// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import io.github.md4.sample.service.OverloadedException;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.function.BooleanSupplier;

/**
 * The way of a request to its endpoint, and of every failure to one line of JSON: 4xx for what the
 * client can mend, 5xx for the rest.
 */
final class Router implements HttpHandler {
  private static final String NONE = "none";
  private static final String ANYTHING = "*";
  private static final String RETRY_SECONDS = "1";

  private final List<Endpoint> endpoints;
  private final BearerToken token;
  private final ServeLimits limits;
  private final Watchdog watchdog;
  private final Metrics metrics;
  private final ServeLog log;
  private final BooleanSupplier isClosing;
  private final Semaphore places;

  /**
   * @param isClosing whether only running requests are answered
   */
  Router(
      List<Endpoint> endpoints,
      BearerToken token,
      ServeLimits limits,
      Watchdog watchdog,
      Metrics metrics,
      ServeLog log,
      BooleanSupplier isClosing) {
    this.endpoints = endpoints;
    this.token = token;
    this.limits = limits;
    this.watchdog = watchdog;
    this.metrics = metrics;
    this.log = log;
    this.isClosing = isClosing;
    this.places = new Semaphore(limits.concurrency());
  }

  @Override
  public void handle(HttpExchange http) {
    Exchange exchange = new Exchange(http, limits, watchdog);
    long start = System.nanoTime();
    String endpoint = name(exchange);
    metrics.begun();
    try {
      answer(exchange);
    } catch (IOException e) {
      log.gone(exchange, e);
    } finally {
      long nanos = System.nanoTime() - start;
      metrics.ended(endpoint, exchange.status(), nanos);
      log.answered(exchange, nanos);
      exchange.close();
    }
  }

  private void answer(Exchange exchange) throws IOException {
    try {
      route(exchange);
    } catch (Refusal e) {
      exchange.refuse(e);
    } catch (OverloadedException e) {
      exchange.refuse(overloaded(exchange, e.getMessage()));
    } catch (IllegalArgumentException e) {
      exchange.refuse(Refusal.wrong(firstLine(e)));
    } catch (IllegalStateException e) {
      exchange.refuse(Refusal.of(503, "closing", firstLine(e)));
    } catch (RuntimeException | Error e) {
      log.failed(exchange, e);
      exchange.refuse(Refusal.of(500, "failure", "the server failed; its log says why"));
    }
  }

  private void route(Exchange exchange) throws IOException {
    Endpoint endpoint = find(exchange);
    if (endpoint.isGuarded()) {
      token.check(exchange.header("Authorization"));
    }
    if (endpoint.method().equals("GET")) {
      endpoint.answer(exchange);
      return;
    }
    if (isClosing.getAsBoolean()) {
      exchange.setHeader("Connection", "close");
      throw Refusal.of(503, "closing", "the server is closing");
    }
    if (!places.tryAcquire()) {
      throw overloaded(
          exchange,
          "as many requests run as the limit allows, %d; try again later"
              .formatted(limits.concurrency()));
    }
    try {
      endpoint.answer(exchange);
    } finally {
      places.release();
    }
  }

  private static Refusal overloaded(Exchange exchange, String message) {
    if (exchange.status() == 0) {
      exchange.setHeader("Retry-After", RETRY_SECONDS);
    }
    return Refusal.of(429, "overloaded", message);
  }

  private String name(Exchange exchange) {
    return endpoints.stream()
        .filter(each -> isAt(each, exchange.path()))
        .map(Endpoint::path)
        .findFirst()
        .orElse(NONE);
  }

  private static boolean isAt(Endpoint endpoint, String path) {
    String own = endpoint.path();
    return own.endsWith(ANYTHING)
        ? path.startsWith(own.substring(0, own.length() - 1))
        : path.equals(own);
  }

  private Endpoint find(Exchange exchange) {
    List<Endpoint> here = endpoints.stream().filter(each -> isAt(each, exchange.path())).toList();
    if (here.isEmpty()) {
      throw Refusal.of(404, "not_found", "there is nothing at this path; see docs/service.md");
    }
    return here.stream()
        .filter(each -> each.method().equals(exchange.method()))
        .findFirst()
        .orElseThrow(() -> wrongMethod(exchange, here.get(0)));
  }

  private static Refusal wrongMethod(Exchange exchange, Endpoint endpoint) {
    exchange.setHeader("Allow", endpoint.method());
    return Refusal.of(
        405, "method", "%s takes %s only".formatted(endpoint.path(), endpoint.method()));
  }

  private static String firstLine(RuntimeException e) {
    String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    return message.lines().findFirst().orElse("");
  }
}
