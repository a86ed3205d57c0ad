// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.report.Json;
import java.io.IOException;

/** {@code /v1/models}, in the form of OpenAI's API. */
record ModelsEndpoint(ServedModel served) implements Endpoint {
  @Override
  public String method() {
    return "GET";
  }

  @Override
  public String path() {
    return "/v1/models";
  }

  @Override
  public boolean isGuarded() {
    return true;
  }

  @Override
  public void answer(Exchange exchange) throws IOException {
    ObjectNode json = Json.object().put("object", "list");
    json.putArray("data").add(served.json());
    exchange.send(200, json);
  }
}
