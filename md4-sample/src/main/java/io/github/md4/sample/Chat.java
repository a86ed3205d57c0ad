// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.chat.ChatMessage;
import io.github.md4.core.published.ChatFormat;
import io.github.md4.sample.trajectory.InitialSequence;
import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SamplingListener;
import io.github.md4.sample.trajectory.TokenEvent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * A conversation with a model. Each answer is a number of masks after all that was said before,
 * which the sampler fills; it ends where the model ends its turn. Belongs to one thread
 * (docs/models.md).
 */
public final class Chat {
  private final MaskedDiffusion model;
  private final ChatFormat format;
  private final List<ChatMessage> messages = new ArrayList<>();
  private final int kept; // turns that stay when the rest is forgotten
  private long answers;

  /** A conversation that leaves no room for an answer of the length asked for. */
  public static final class TooLongException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    private TooLongException(String message) {
      super(message);
    }
  }

  /**
   * An answer.
   *
   * @param text its words, without the token that ended it and without white space at its ends
   * @param tokens all that was masked, [length] in [0, V), what follows the end too
   * @param calls the number of calls of the network
   * @param hasEnded whether the model ended its turn; else there was no more room
   */
  public record Answer(String text, int[] tokens, int calls, boolean hasEnded) {}

  /**
   * Begins a conversation.
   *
   * @param model the model, which stays open
   * @param format the form of conversations with it
   * @param beginning the turns before the first question, such as {@link ChatMessage#system}; may
   *     be empty
   */
  public Chat(MaskedDiffusion model, ChatFormat format, List<ChatMessage> beginning) {
    this.model = model;
    this.format = format;
    this.kept = beginning.size();
    messages.addAll(beginning);
  }

  /** {@return the turns so far} */
  public List<ChatMessage> messages() {
    return List.copyOf(messages);
  }

  /** Forgets all turns but those that it began with. */
  public void forget() {
    messages.subList(kept, messages.size()).clear();
  }

  /**
   * {@return the answer to a question; both become part of the conversation}
   *
   * @param question the words of the user's turn
   * @param length the number of masks that are filled, the most tokens of the answer, at least 1
   * @param options method, law of tokens, seed; each answer has noise of its own
   * @param progress told the answer's tokens [length] in [0, V] after each call of the network, on
   *     this thread: masks, V, where it is not filled yet
   * @throws TooLongException if the conversation leaves no room for the answer
   * @throws IllegalArgumentException if the vocabulary lacks a symbol, the template refuses the
   *     turn, or what was said and the answer are longer than the model's sequences; the
   *     conversation is then as before
   * @throws IllegalStateException if the model was closed
   */
  public Answer answer(
      String question, int length, SamplingOptions options, Consumer<int[]> progress) {
    require(length >= 1, "length must be at least 1", length);
    List<ChatMessage> asked = new ArrayList<>(messages);
    asked.add(ChatMessage.user(question));
    int[] prompt = format.prompt(asked);
    checkFits(prompt.length, length);
    int[] zt = canvas(prompt, length);
    Sample sample =
        model
            .generate(
                List.of(new InitialSequence(zt, answers++)),
                options.stoppingAt(format.ends()),
                new Relay(zt.clone(), prompt.length, progress))
            .get(0);
    Answer answer = answer(sample, zt, prompt.length);
    messages.add(ChatMessage.user(question));
    messages.add(ChatMessage.assistant(answer.text));
    return answer;
  }

  private void checkFits(int prompt, int length) {
    int most = model.description().config().length();
    if (prompt + (long) length > most) {
      throw new TooLongException(
          "the conversation has %,d tokens, which leave no room for %,d more in the model's %,d"
              .formatted(prompt, length, most));
    }
  }

  private int[] canvas(int[] prompt, int length) {
    int[] zt = Arrays.copyOf(prompt, prompt.length + length);
    Arrays.fill(zt, prompt.length, zt.length, model.tokenizer().vocabularySize());
    return zt;
  }

  private Answer answer(Sample sample, int[] zt, int first) {
    SequenceEnd end = SequenceEnd.of(zt, format.ends(), model.tokenizer().vocabularySize());
    int[] all = sample.tokens();
    int last = end.in(all);
    return new Answer(
        text(Arrays.copyOfRange(all, first, last)),
        Arrays.copyOfRange(all, first, all.length),
        sample.calls(),
        last < all.length);
  }

  /**
   * {@return the words of an answer that is not filled yet, up to the token that ends it}
   *
   * @param tokens the tokens of the answer, [length] in [0, V], as progress is told them
   * @param hole the text that is shown for a mask
   */
  public String partial(int[] tokens, String hole) {
    int mask = model.tokenizer().vocabularySize();
    StringBuilder text = new StringBuilder();
    int end = (int) IntStream.of(tokens).takeWhile(id -> !format.ends().contains(id)).count();
    int first = 0;
    for (int n = 0; n <= end; n++) {
      if (n == end || tokens[n] == mask) {
        text.append(model.text(Arrays.copyOfRange(tokens, first, n)));
        text.append(n < end ? hole : "");
        first = n + 1;
      }
    }
    return text.toString();
  }

  private String text(int[] tokens) {
    return model.text(tokens).strip();
  }

  /** The listener that tells the progress of an answer. */
  private record Relay(int[] z, int first, Consumer<int[]> progress) implements SamplingListener {
    @Override
    public void changed(TokenEvent event) {
      z[event.position()] = event.token();
    }

    @Override
    public void called(int done, int planned) {
      progress.accept(Arrays.copyOfRange(z, first, z.length));
    }

    @Override
    public boolean readsPlanned() {
      return false;
    }
  }
}
