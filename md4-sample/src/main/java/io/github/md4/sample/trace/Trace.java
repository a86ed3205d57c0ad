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
 * How sequences came about, event by event.
 *
 * @param stories of the sequences, by their indices
 */
public record Trace(Header header, List<Story> stories) {

  /**
   * What the sequences have in common.
   *
   * @param about what a reader should be told, by name, in order
   * @param steps of the grid, 0 without one
   * @param schedule the raw curve, as {@link io.github.md4.core.schedule.Curve#parse} reads it
   * @param epsilon of the schedule
   * @param image what the sequences are where they are images; their texts are numbers then
   */
  public record Header(
      Map<String, String> about,
      int steps,
      String schedule,
      double epsilon,
      Optional<ImageShape> image) {

    /** Returns a header of texts. */
    public Header(Map<String, String> about, int steps, String schedule, double epsilon) {
      this(about, steps, schedule, epsilon, Optional.empty());
    }
  }

  /**
   * What became of one sequence.
   *
   * @param start the text of each token, {@link Tokenizer#MASK_TEXT} for a mask, [N]
   * @param events in the order in which they happened
   */
  public record Story(long sample, List<String> start, List<Event> events) {

    /** Returns the number of calls of the network at which anything was revealed. */
    public int moments() {
      return (int) events.stream().mapToInt(Event::step).distinct().count();
    }

    /** Returns the moments, in order, each with the state after it. */
    public List<Frame> frames() {
      List<Frame> frames = new ArrayList<>();
      Cell[] cells = start.stream().map(text -> new Cell(text, 0)).toArray(Cell[]::new);
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
   * @param text of the token; {@link Tokenizer#MASK_TEXT} where it was masked again
   * @param probability of the token; NaN for a mask
   */
  public record Event(int step, double time, int position, String text, double probability) {}

  /** The sequence after a moment. */
  public record Frame(int step, double time, List<Cell> cells) {}

  /**
   * A position.
   *
   * @param since the number of the frame, from 1 on, that changed it last; 0 from the start
   */
  public record Cell(String text, int since) {

    /** Returns whether it is masked. */
    public boolean isMask() {
      return text.equals(Tokenizer.MASK_TEXT);
    }
  }
}
