// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.trace;

import io.github.md4.core.token.ImageShape;
import io.github.md4.core.token.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The events by which sequences came about; docs/sampling.md describes the file.
 *
 * @param header the facts that the sequences have in common
 * @param histories the histories of the sequences, in the order of their indices
 */
public record Trace(Header header, List<History> histories) {

  /**
   * The facts that the sequences have in common.
   *
   * @param about facts for the reader, by name, in order
   * @param steps the number of steps of the grid, at least 0; 0 without one
   * @param schedule the raw curve, as {@link io.github.md4.core.schedule.Curve#parse} reads it
   * @param epsilon the squeeze of the schedule, in [0, 0.5)
   * @param separator what stands between the texts of two tokens
   * @param image the shape of the images, if the sequences are images; their texts are numbers then
   */
  public record Header(
      Map<String, String> about,
      int steps,
      String schedule,
      double epsilon,
      String separator,
      Optional<ImageShape> image) {

    /**
     * Makes a header of texts whose tokens stand side by side.
     *
     * @param about facts for the reader, by name, in order
     * @param steps the number of steps of the grid, at least 0; 0 without one
     * @param schedule the raw curve, as {@link io.github.md4.core.schedule.Curve#parse} reads it
     * @param epsilon the squeeze of the schedule, in [0, 0.5)
     */
    public Header(Map<String, String> about, int steps, String schedule, double epsilon) {
      this(about, steps, schedule, epsilon, "", Optional.empty());
    }
  }

  /**
   * The history of one sequence.
   *
   * @param sample the index of the sequence, at least 0
   * @param initial the text of each token at first, {@link Tokenizer#MASK_TEXT} for a mask, [N]
   * @param events the changes of its positions, in the order in which they happened
   */
  public record History(long sample, List<String> initial, List<Event> events) {

    /** {@return the states after each call that changed a position, in order} */
    public List<Frame> frames() {
      List<Frame> frames = new ArrayList<>();
      Cell[] cells = initial.stream().map(text -> new Cell(text, 0)).toArray(Cell[]::new);
      int first = 0;
      while (first < events.size()) {
        Event event = events.get(first);
        int next = first;
        while (next < events.size() && events.get(next).step() == event.step()) {
          Event now = events.get(next++);
          cells[now.position()] = new Cell(now.text(), frames.size() + 1);
        }
        frames.add(new Frame(event.step(), event.time(), Arrays.asList(cells.clone())));
        first = next;
      }
      return frames;
    }
  }

  /**
   * A change of one position.
   *
   * @param step the number of steps done before, at least 0
   * @param time the time, in [0, 1]
   * @param position the token's place in the sequence, in [0, N)
   * @param text the text of the token; {@link Tokenizer#MASK_TEXT} if it was masked again
   * @param probability the probability of the token under the network, in [0, 1]; NaN for a mask
   */
  public record Event(int step, double time, int position, String text, double probability) {}

  /**
   * The sequence after a call.
   *
   * @param step the number of steps done before, at least 0
   * @param time the time, in [0, 1]
   * @param cells the texts of the positions, in order
   */
  public record Frame(int step, double time, List<Cell> cells) {}

  /**
   * The state of a position.
   *
   * @param text the text shown
   * @param since the number of the frame that changed it last, from 1 on; 0 if none has
   */
  public record Cell(String text, int since) {

    /** {@return whether it is masked} */
    public boolean isMask() {
      return text.equals(Tokenizer.MASK_TEXT);
    }
  }
}
