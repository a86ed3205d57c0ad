// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import io.github.md4.cli.report.Json;
import java.io.IOException;
import java.util.function.BooleanSupplier;

/**
 * {@code /health}: 200 while requests are taken, 503 once the server is closing.
 *
 * @param isClosing whether it is
 */
record HealthEndpoint(ServedModel served, BooleanSupplier isClosing) implements Endpoint {
  @Override
  public String method() {
    return "GET";
  }

  @Override
  public String path() {
    return "/health";
  }

  @Override
  public boolean isGuarded() {
    return false;
  }

  @Override
  public void answer(Exchange exchange) throws IOException {
    boolean isOver = isClosing.getAsBoolean();
    exchange.send(
        isOver ? 503 : 200,
        Json.report().put("status", isOver ? "closing" : "ok").put("model", served.name()));
  }
}
