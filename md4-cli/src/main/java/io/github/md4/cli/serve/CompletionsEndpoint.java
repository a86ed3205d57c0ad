// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.report.Json;
import io.github.md4.sample.trajectory.Sample;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;

/** {@code /v1/completions}, in the form of OpenAI's API: a prompt is a frozen prefix. */
record CompletionsEndpoint(ServedModel served, Requests requests, Metrics metrics)
    implements Endpoint {
  private static final String FORM = "text_completion";

  @Override
  public String method() {
    return "POST";
  }

  @Override
  public String path() {
    return "/v1/completions";
  }

  @Override
  public boolean isGuarded() {
    return true;
  }

  @Override
  public void answer(Exchange exchange) throws IOException {
    Fields fields = exchange.fields();
    served.check(fields);
    CompletionRequest request = CompletionRequest.read(fields, served);
    boolean isStream = fields.flag("stream");
    Fields streaming = fields.inner("stream_options");
    boolean isUsageAsked = streaming.flag("include_usage");
    streaming.ignore("include_obfuscation");
    streaming.checkNoOthers();
    fields.checkNoOthers();
    if (isStream) {
      CompletionStream stream =
          new CompletionStream(exchange, request, served, head(request), isUsageAsked, metrics);
      requests.stream(exchange, request.sequences(served), request.options(), stream);
    } else {
      exchange.send(200, whole(exchange, request));
    }
  }

  private ObjectNode head(CompletionRequest request) {
    return Json.object()
        .put("id", "cmpl-" + UUID.randomUUID().toString().replace("-", ""))
        .put("object", FORM)
        .put("created", Instant.now().getEpochSecond())
        .put("model", served.name())
        .put("seed", request.options().seed());
  }

  private ObjectNode whole(Exchange exchange, CompletionRequest request) throws IOException {
    List<Sample> samples = requests.samples(exchange, request.sequences(served), request.options());
    List<CompletionText> texts =
        IntStream.range(0, samples.size()).mapToObj(index -> request.text(index, served)).toList();
    ObjectNode json = head(request);
    ArrayNode choices = json.putArray("choices");
    for (int index = 0; index < texts.size(); index++) {
      CompletionText text = texts.get(index);
      text.read(samples.get(index).tokens());
      String all = request.opening(index, served) + text.text();
      choices.add(choice(index, all, text.reason()));
    }
    json.set("usage", usage(request, texts, metrics));
    return json;
  }

  /**
   * Returns a choice of an answer.
   *
   * @param reason null where the text goes on
   */
  static ObjectNode choice(int index, String text, String reason) {
    ObjectNode choice = Json.object().put("text", text).put("index", index);
    return choice.putNull("logprobs").put("finish_reason", reason);
  }

  /** Returns the number of tokens, and counts them. */
  static ObjectNode usage(CompletionRequest request, List<CompletionText> texts, Metrics metrics) {
    int drawn = texts.stream().mapToInt(CompletionText::tokens).sum();
    int given = request.promptTokens();
    metrics.read(given);
    metrics.drawn(drawn);
    return Json.object()
        .put("prompt_tokens", given)
        .put("completion_tokens", drawn)
        .put("total_tokens", given + drawn);
  }
}
