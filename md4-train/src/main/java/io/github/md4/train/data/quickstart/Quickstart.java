// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.quickstart;

import io.github.md4.core.token.Provenance;
import io.github.md4.core.token.TokenFile;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.train.data.Existing;
import io.github.md4.train.data.PreparedData;
import io.github.md4.train.internal.data.NewFolders;
import io.github.md4.train.internal.data.SplitWriter;
import io.github.md4.train.internal.hash.Md5;
import io.github.md4.train.internal.hash.Mixing;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The corpus of the quick start: an endless tale of small animals and lost teapots, its tokens
 * words. It is drawn from a finite-state source, so that its entropy is known (docs/quickstart.md).
 */
public final class Quickstart {
  /** The value of {@link Provenance#source}. */
  public static final String SOURCE = "quickstart";

  /** The default seed of the command line. */
  public static final long SEED = 1;

  // Raise it with any change to the slots below. The floor of older files is then unknown.
  private static final int VERSION = 2;

  private static final List<Phrases.Slot> SLOTS =
      List.of(
          Phrases.Slot.of("opening", "at dawn:4, at night:3, one day:3", "determiner"),
          Phrases.Slot.of("determiner", "the:10, a:5, every:2", "adjective:4, animal:6"),
          Phrases.Slot.of("adjective", "small:6, sleepy:5, brave:4, clever:4, quiet:3", "animal"),
          Phrases.Slot.of(
              "animal",
              "fox:8, rabbit:6, badger:5, bear:5, mouse:4, robin:4, cat:4",
              "finds:5, sings:4"),
          Phrases.Slot.of(
              "finds", "finds:6, hides:5, paints:4, carries:4, borrows:3", "object determiner"),
          Phrases.Slot.of("object determiner", "the:6, a:6, its:2", "object adjective:4, object:6"),
          Phrases.Slot.of("object adjective", "silver:5, broken:4, wooden:4, warm:3", "object"),
          Phrases.Slot.of(
              "object",
              "lantern:6, teapot:6, key:5, kite:4, pie:4, boat:3",
              "place:4, connective:6"),
          Phrases.Slot.of(
              "sings", "sings:6, sleeps:6, dances:5, waits:4", "adverb:4, place:4, connective:3"),
          Phrases.Slot.of(
              "adverb", "softly:5, slowly:4, happily:4, all night:3", "place:3, connective:7"),
          Phrases.Slot.of("place", "under:5, near:5, behind:3", "place determiner"),
          Phrases.Slot.of("place determiner", "the:7, an old:2", "landmark"),
          Phrases.Slot.of(
              "landmark", "bridge:5, river:5, garden:4, hill:4, mill:3, oak:3", "connective"),
          Phrases.Slot.of("connective", "and:7, while:4, but:3, so:2", "opening, determiner:6"));

  private static final FiniteStateSource TALE = Phrases.source(SLOTS);

  private Quickstart() {}

  /** {@return the source of the corpus, with its vocabulary} */
  public static FiniteStateSource source() {
    return TALE;
  }

  /**
   * The numbers of words of the splits, each at least 1.
   *
   * @param train the number of tokens of the split {@code train}, at least 1
   * @param valid the number of tokens of the split {@code valid}, at least 1
   * @param test the number of tokens of the split {@code test}, at least 1
   */
  public record Sizes(int train, int valid, int test) {
    /** The sizes from which a small model learns the grammar but not the text by heart. */
    public static final Sizes STANDARD = new Sizes(1_000_000, 50_000, 50_000);

    /**
     * Checks the sizes.
     *
     * @param train the number of tokens of the split {@code train}, at least 1
     * @param valid the number of tokens of the split {@code valid}, at least 1
     * @param test the number of tokens of the split {@code test}, at least 1
     * @throws IllegalArgumentException if one of them is below 1
     */
    public Sizes {
      if (train < 1 || valid < 1 || test < 1) {
        throw new IllegalArgumentException(
            "sizes must be at least 1: %d, %d, %d".formatted(train, valid, test));
      }
    }

    List<Integer> inOrder() {
      return List.of(train, valid, test);
    }
  }

  /**
   * Writes {@code train}, {@code valid} and {@code test} ({@code .bin} in uint8, with {@code
   * .json}), each drawn from the stationary law and independent of the others.
   *
   * @param out the folder, created if it does not exist
   * @param sizes the number of tokens of each split
   * @param seed any number; the tokens follow from it
   * @param existing what happens to files that are there
   * @return the description of what was written
   * @throws io.github.md4.core.InvalidDataException if {@code out} may not be written
   * @throws IOException if a file cannot be read or written
   */
  public static PreparedData prepare(Path out, Sizes sizes, long seed, Existing existing)
      throws IOException {
    try (NewFolders made = new NewFolders(out)) {
      existing.prepare(made.folder());
      Provenance provenance = new Provenance(SOURCE, VERSION, List.of());
      SplitWriter.DataSet data = new SplitWriter.DataSet(SOURCE, TALE.tokenizer(), provenance);
      List<Long> counts = sizes.inOrder().stream().map(Integer::longValue).toList();
      MessageDigest digest = Md5.start();
      try (SplitWriter writer = new SplitWriter(out, data, counts)) {
        for (int[] ids : draw(sizes, seed)) {
          digest.update(TALE.tokenizer().decode(ids).getBytes(StandardCharsets.US_ASCII));
          writer.write(ids);
        }
        List<TokenFileInfo> splits = writer.finish();
        return new PreparedData(SOURCE, Md5.finish(digest), splits, List.of());
      }
    }
  }

  private static List<int[]> draw(Sizes sizes, long seed) {
    List<int[]> splits = new ArrayList<>();
    for (int size : sizes.inOrder()) {
      splits.add(TALE.draw(Mixing.key(seed, splits.size() + 1), size));
    }
    return splits;
  }

  /**
   * {@return the source that a file's tokens were drawn from, by its JSON; empty if it is not this
   * one, or an older version of it}
   *
   * @param tokens the tokens as {@code md4 data} prepared them, memory-mapped
   */
  public static Optional<FiniteStateSource> sourceOf(TokenFile tokens) {
    Provenance own = new Provenance(SOURCE, VERSION, List.of());
    return tokens.info().filter(info -> info.provenance().equals(own)).map(info -> TALE);
  }
}
