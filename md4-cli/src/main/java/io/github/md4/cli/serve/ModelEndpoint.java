// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import java.io.IOException;

/** {@code /v1/models/NAME}, in the form of OpenAI's API. */
record ModelEndpoint(ServedModel served) implements Endpoint {
  @Override
  public String method() {
    return "GET";
  }

  @Override
  public String path() {
    return "/v1/models/*";
  }

  @Override
  public boolean isGuarded() {
    return true;
  }

  @Override
  public void answer(Exchange exchange) throws IOException {
    String asked = exchange.path().substring(path().length() - 1);
    if (!asked.equals(served.name())) {
      throw served.unknown(asked);
    }
    exchange.send(200, served.json());
  }
}
