// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.report.Json;
import io.github.md4.core.likelihood.LikelihoodEstimate;
import io.github.md4.sample.ScoringOptions;
import java.io.IOException;

/** {@code /v1/score}: the bound on a text's negative log-likelihood, with its standard error. */
record ScoreEndpoint(ServedModel served, Requests requests, Metrics metrics) implements Endpoint {
  private static final int MOST_GROUPS = 1024;

  @Override
  public String method() {
    return "POST";
  }

  @Override
  public String path() {
    return "/v1/score";
  }

  @Override
  public boolean isGuarded() {
    return true;
  }

  @Override
  public void answer(Exchange exchange) throws IOException {
    Fields fields = exchange.fields();
    served.check(fields);
    int[] tokens = tokens(fields);
    ScoringOptions options = ScoringOptions.defaults();
    options = options.groups(fields.count("groups", 2, MOST_GROUPS).orElse(options.groups()));
    options = options.seed(fields.whole("seed").orElse(options.seed()));
    fields.checkNoOthers();
    LikelihoodEstimate estimate = requests.score(exchange, tokens, options);
    metrics.read(tokens.length);
    exchange.send(200, report(estimate, tokens.length, options));
  }

  private int[] tokens(Fields fields) {
    JsonNode tokens = fields.value("tokens");
    if (tokens.isNull()) {
      return served
          .tokenizer()
          .encode(
              fields
                  .text("text")
                  .orElseThrow(() -> Refusal.wrong("text", "text or tokens is required")));
    }
    if (fields.text("text").isPresent()) {
      throw Refusal.wrong("tokens", "text and tokens exclude each other");
    }
    return TokenArrays.of("tokens", tokens, served);
  }

  private ObjectNode report(LikelihoodEstimate estimate, int tokens, ScoringOptions options) {
    ObjectNode json =
        Json.report()
            .put("model", served.name())
            .put("seed", options.seed())
            .put("groups", options.groups())
            .put("tokens", tokens)
            .put("unit", served.tokenizer().unit());
    String unknown = "the groups are too few to tell";
    Json.set(json, "natsPerToken", estimate.natsPerToken(), unknown);
    Json.set(json, "bitsPerToken", estimate.bitsPerToken(), unknown);
    Json.set(json, "bitsPerTokenStandardError", estimate.bitsPerTokenStandardError(), unknown);
    Json.set(json, "perplexity", estimate.perplexity(), unknown);
    return json;
  }
}
