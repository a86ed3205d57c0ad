// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import dev.langchain4j.model.StreamingResponseHandler;
import dev.langchain4j.model.language.StreamingLanguageModel;
import dev.langchain4j.model.output.Response;
import io.github.md4.sample.service.RequestLimits;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.TokenEvent;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Flow;

/** A masked diffusion model as a language model of langchain4j: the prompt is a frozen prefix. */
// BEGIN adapter
public record DiffusionLanguageModel(MaskedDiffusion model, SamplingOptions options)
    implements StreamingLanguageModel {

  @Override
  public void generate(String prompt, StreamingResponseHandler<String> handler) {
    InitialSequence start = model.template(prompt.replace("[", "\\[") + "[MASK*]", 0);
    RequestLimits limits = RequestLimits.none().within(Duration.ofMinutes(1));
    model
        .submit(List.of(start), options.randomSeed(), limits)
        .events()
        .subscribe(new Answer(start.zt().clone(), new StringBuilder(), handler));
  }

  /** Tokens are revealed in any order; the text goes on as far as no mask is left before it. */
  private final class Answer implements Flow.Subscriber<TokenEvent> {
    private final int mask = model.tokenizer().vocabularySize();
    private final int[] z;
    private final StringBuilder text;
    private final StreamingResponseHandler<String> handler;
    private int next;

    Answer(int[] z, StringBuilder text, StreamingResponseHandler<String> handler) {
      this.z = z;
      this.text = text;
      this.handler = handler;
      while (next < z.length && z[next] != mask) {
        next++; // the prompt
      }
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(TokenEvent event) {
      z[event.position()] = event.token();
      for (; next < z.length && z[next] != mask; next++) {
        String separator = next == 0 ? "" : model.tokenizer().separator();
        String piece = separator + model.tokenizer().text(z[next], next);
        text.append(piece);
        handler.onNext(piece);
      }
    }

    @Override
    public void onError(Throwable failure) {
      handler.onError(failure);
    }

    @Override
    public void onComplete() {
      handler.onComplete(Response.from(text.toString()));
    }
  }
}
// END adapter
