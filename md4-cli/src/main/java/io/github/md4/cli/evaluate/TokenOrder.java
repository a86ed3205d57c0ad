// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.UntrustedFile;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/** An order in which the tokens of a sequence are revealed. */
sealed interface TokenOrder {

  /** Returns the positions of a chunk, each once, the first revealed first. */
  int[] of(long chunk, int length);

  /**
   * Reads a choice: {@code left-to-right}, {@code right-to-left}, {@code random}, or a file.
   *
   * @param seed of random orders
   */
  static TokenOrder parse(String text, long seed) throws IOException {
    return switch (text) {
      case "left-to-right" -> new LeftToRight();
      case "right-to-left" -> new RightToLeft();
      case "random" -> new Random(seed);
      default -> file(text);
    };
  }

  private static TokenOrder file(String text) throws IOException {
    Path file = Path.of(text);
    if (!Files.exists(file)) {
      throw new InvalidConfigException(
          "--order",
          "must be left-to-right, right-to-left, random or a file of positions: " + text);
    }
    return Given.read(file);
  }

  /** From the first to the last. */
  record LeftToRight() implements TokenOrder {
    @Override
    public int[] of(long chunk, int length) {
      return IntStream.range(0, length).toArray();
    }

    @Override
    public String toString() {
      return "left to right";
    }
  }

  /** From the last to the first. */
  record RightToLeft() implements TokenOrder {
    @Override
    public int[] of(long chunk, int length) {
      return IntStream.range(0, length).map(n -> length - 1 - n).toArray();
    }

    @Override
    public String toString() {
      return "right to left";
    }
  }

  /** Another random order for each chunk: that of the sizes of its uniforms. */
  record Random(long seed) implements TokenOrder {
    @Override
    public int[] of(long chunk, int length) {
      double[] u = new Noise(seed).uniforms(Purpose.ORDER, 0, chunk, length);
      return IntStream.range(0, length)
          .boxed()
          .sorted(Comparator.comparingDouble(n -> u[n]))
          .mapToInt(Integer::intValue)
          .toArray();
    }

    @Override
    public String toString() {
      return "at random, seed " + seed;
    }
  }

  /** One order for all chunks. */
  record Given(Path file, int[] positions) implements TokenOrder {

    /** Reads the positions from 0, with blanks or line ends between them. */
    static Given read(Path file) throws IOException {
      String text = new UntrustedFile(file).text().strip();
      try {
        return new Given(
            file, Arrays.stream(text.split("\\s+")).mapToInt(Integer::parseInt).toArray());
      } catch (NumberFormatException e) {
        throw new InvalidDataException(
            file, "must have the positions in their order, whole numbers from 0", e);
      }
    }

    @Override
    public int[] of(long chunk, int length) {
      boolean isWhole =
          Arrays.equals(
              Arrays.stream(positions).sorted().toArray(), IntStream.range(0, length).toArray());
      if (!isWhole) {
        throw new InvalidDataException(
            file, "must have each position of a sequence of the model once, 0 to " + (length - 1));
      }
      return positions;
    }

    @Override
    public String toString() {
      return "as " + file + " says";
    }
  }
}
