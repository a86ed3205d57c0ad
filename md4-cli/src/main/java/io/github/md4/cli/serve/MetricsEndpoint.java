// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** {@code /metrics}, in Prometheus' text form. */
record MetricsEndpoint(ServedModel served, Metrics metrics) implements Endpoint {
  @Override
  public String method() {
    return "GET";
  }

  @Override
  public String path() {
    return "/metrics";
  }

  @Override
  public boolean isGuarded() {
    return true;
  }

  @Override
  public void answer(Exchange exchange) throws IOException {
    byte[] text = metrics.text(served).getBytes(StandardCharsets.UTF_8);
    exchange.send(200, "text/plain; version=0.0.4; charset=utf-8", text);
  }
}
