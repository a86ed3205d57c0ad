// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.TokenEvent;
import java.io.IOException;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * The chunks of an answer to a request for completions. A text goes on where no mask is left before
 * it. A sampler that changes tokens again is waited for, as nothing that was told can be taken
 * back.
 */
final class CompletionStream implements Requests.Stream, TokenEvents.Receiver {
  private final Exchange exchange;
  private final CompletionRequest request;
  private final ServedModel served;
  private final ObjectNode head;
  private final boolean isUsageAsked;
  private final Metrics metrics;
  private final boolean isFinal;
  private final List<int[]> z;
  private final List<CompletionText> texts;
  private final TreeSet<Integer> changed = new TreeSet<>();
  private int open;
  private EventWriter out;

  /**
   * @param head the fields of every chunk
   * @param isUsageAsked whether a last chunk has the number of tokens
   */
  CompletionStream(
      Exchange exchange,
      CompletionRequest request,
      ServedModel served,
      ObjectNode head,
      boolean isUsageAsked,
      Metrics metrics) {
    this.exchange = exchange;
    this.request = request;
    this.served = served;
    this.head = head;
    this.isUsageAsked = isUsageAsked;
    this.metrics = metrics;
    this.isFinal = served.isFinal(request.options());
    this.z = request.sequences(served).stream().map(InitialSequence::zt).map(int[]::clone).toList();
    this.texts =
        IntStream.range(0, z.size()).mapToObj(index -> request.text(index, served)).toList();
    this.open = z.size();
  }

  @Override
  public TokenEvents.Receiver begin() throws IOException {
    out = exchange.events();
    for (int index = 0; index < texts.size(); index++) {
      String opening = request.opening(index, served);
      if (!opening.isEmpty()) {
        chunk(CompletionsEndpoint.choice(index, opening, null));
      }
    }
    return this;
  }

  @Override
  public void event(TokenEvent event) {
    int index = Math.toIntExact(event.sample());
    z.get(index)[event.position()] = event.token();
    changed.add(index);
  }

  @Override
  public void pause() throws IOException {
    if (isFinal) {
      tellChanges();
    }
    out.flush();
  }

  private void tellChanges() throws IOException {
    for (int index : changed) {
      CompletionText text = texts.get(index);
      if (!text.isDone()) {
        text.read(z.get(index));
        tell(index, text);
      }
    }
    changed.clear();
  }

  private void tell(int index, CompletionText text) throws IOException {
    String news = text.news();
    if (text.isDone()) {
      open--;
      chunk(CompletionsEndpoint.choice(index, news, text.reason()));
    } else if (!news.isEmpty()) {
      chunk(CompletionsEndpoint.choice(index, news, null));
    }
  }

  private void chunk(ObjectNode choice) throws IOException {
    ObjectNode json = head.deepCopy();
    json.putArray("choices").add(choice);
    if (isUsageAsked) {
      json.putNull("usage");
    }
    out.data(json.toString());
  }

  @Override
  public void idle() throws IOException {
    out.comment();
    out.flush();
  }

  @Override
  public boolean isDone() {
    return open == 0;
  }

  @Override
  public void end(List<Sample> samples) throws IOException {
    for (int index = 0; index < samples.size(); index++) {
      int[] tokens = samples.get(index).tokens();
      System.arraycopy(tokens, 0, z.get(index), 0, tokens.length);
      changed.add(index);
    }
    tellChanges();
    ObjectNode usage = CompletionsEndpoint.usage(request, texts, metrics);
    if (isUsageAsked) {
      ObjectNode json = head.deepCopy();
      json.putArray("choices");
      json.set("usage", usage);
      out.data(json.toString());
    }
    out.data("[DONE]");
    out.close();
  }
}
