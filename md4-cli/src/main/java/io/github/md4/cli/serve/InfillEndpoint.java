// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.report.Json;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.SamplingOptions;
import io.github.md4.sample.Template;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.TokenEvent;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** {@code /v1/infill}: the holes of a template are filled, in one answer or as events. */
record InfillEndpoint(ServedModel served, Requests requests, Metrics metrics) implements Endpoint {
  @Override
  public String method() {
    return "POST";
  }

  @Override
  public String path() {
    return "/v1/infill";
  }

  @Override
  public boolean isGuarded() {
    return true;
  }

  @Override
  public void answer(Exchange exchange) throws IOException {
    Fields fields = exchange.fields();
    served.check(fields);
    int[] zt = start(fields);
    int label = served.label(fields);
    List<InitialSequence> sequences =
        IntStream.range(0, SamplingFields.choices(fields))
            .mapToObj(index -> new InitialSequence(zt, index, label))
            .toList();
    SamplingOptions options = SamplingFields.read(fields, served.defaults());
    boolean isStream = fields.flag("stream");
    fields.checkNoOthers();
    if (isStream) {
      requests.stream(exchange, sequences, options, new Answer(exchange, zt, sequences, options));
    } else {
      List<Sample> samples = requests.samples(exchange, sequences, options);
      exchange.send(200, report(samples, options));
    }
  }

  private int[] start(Fields fields) {
    JsonNode tokens = fields.value("tokens");
    if (tokens.isNull()) {
      String template =
          fields
              .text("template")
              .orElseThrow(() -> Refusal.wrong("template", "template or tokens is required"));
      int[] zt = Template.parse(template, served.tokenizer(), served.length());
      Template.requireHole(zt, served.mask());
      return zt;
    }
    if (fields.text("template").isPresent()) {
      throw Refusal.wrong("tokens", "template and tokens exclude each other");
    }
    int[] zt = TokenArrays.withHoles("tokens", tokens, served);
    if (Arrays.stream(zt).noneMatch(token -> token == served.mask())) {
      throw Refusal.wrong("tokens", "tokens must have a hole: null");
    }
    return zt;
  }

  private ObjectNode report(List<Sample> samples, SamplingOptions options) {
    ObjectNode json = head(options);
    ArrayNode all = json.putArray("samples");
    for (Sample sample : samples) {
      metrics.drawn(sample.filled().length);
      ObjectNode one = all.addObject();
      one.put("index", sample.index()).put("text", sample.text()).put("calls", sample.calls());
      Arrays.stream(sample.tokens()).forEach(one.putArray("tokens")::add);
      Arrays.stream(sample.filled()).forEach(one.putArray("filled")::add);
    }
    return json;
  }

  private ObjectNode head(SamplingOptions options) {
    return Json.report()
        .put("model", served.name())
        .put("seed", options.seed())
        .put("sampler", options.sampler());
  }

  /** The events of an answer: start, reveal for each changed position, and done. */
  private final class Answer implements Requests.Stream, TokenEvents.Receiver {
    private final Exchange exchange;
    private final int[] zt;
    private final List<InitialSequence> sequences;
    private final SamplingOptions options;
    private EventWriter out;

    Answer(Exchange exchange, int[] zt, List<InitialSequence> sequences, SamplingOptions options) {
      this.exchange = exchange;
      this.zt = zt;
      this.sequences = sequences;
      this.options = options;
    }

    @Override
    public TokenEvents.Receiver begin() throws IOException {
      out = exchange.events();
      ObjectNode json = head(options).put("n", sequences.size());
      Tokenizer tokenizer = served.tokenizer();
      json.put("separator", tokenizer.separator());
      ArrayNode start = json.putArray("start");
      for (int position = 0; position < zt.length; position++) {
        start.add(text(zt[position], position));
      }
      out.event("start", json);
      return this;
    }

    /** Returns the text of a token, null for the mask. */
    private String text(int token, int position) {
      return token == served.mask() ? null : served.tokenizer().text(token, position);
    }

    @Override
    public void event(TokenEvent event) throws IOException {
      boolean isMask = event.token() == served.mask();
      ObjectNode json =
          Json.object()
              .put("index", event.sample())
              .put("position", event.position())
              .put("token", isMask ? null : Integer.valueOf(event.token()))
              .put("text", text(event.token(), event.position()))
              .put("step", event.point().step())
              .put("time", event.point().time());
      json.set("probability", Json.number(event.probability()));
      out.event("reveal", json);
    }

    @Override
    public void pause() throws IOException {
      out.flush();
    }

    @Override
    public void idle() throws IOException {
      out.comment();
    }

    @Override
    public boolean isDone() {
      return false;
    }

    @Override
    public void end(List<Sample> samples) throws IOException {
      out.event("done", report(samples, options));
      out.close();
    }
  }
}
