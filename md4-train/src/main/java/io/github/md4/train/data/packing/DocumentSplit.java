// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.packing;

import io.github.md4.core.Choices;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import io.github.md4.train.data.SplitFractions;
import io.github.md4.train.internal.data.SplitWriter;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/** The split that each document belongs to as a whole. */
public sealed interface DocumentSplit {

  /**
   * {@return the split of a document: train, valid or test}
   *
   * @param document the document's number in the order of the files, from 0
   */
  String of(long document);

  /** {@return the names of the splits that can occur} */
  Set<String> splits();

  /** {@return the names of the splits that many documents fill, train first} */
  List<String> expected();

  /**
   * {@return the shares by which the only document of a data set is cut; nothing if it stays whole}
   */
  Optional<SplitFractions> sharesOfOne();

  /**
   * One split for all documents.
   *
   * @param split train, valid or test
   */
  record One(String split) implements DocumentSplit {
    /**
     * Checks the name.
     *
     * @param split train, valid or test
     * @throws IllegalArgumentException if it is none of these
     */
    public One {
      if (!SplitWriter.SPLITS.contains(split)) {
        throw Choices.refusal("split", SplitWriter.SPLITS, split);
      }
    }

    @Override
    public String of(long document) {
      return split;
    }

    @Override
    public Set<String> splits() {
      return Set.of(split);
    }

    @Override
    public List<String> expected() {
      return List.of(split);
    }

    @Override
    public Optional<SplitFractions> sharesOfOne() {
      return Optional.empty();
    }

    @Override
    public String toString() {
      return "all " + split;
    }
  }

  /**
   * A split that is drawn for each document by shares: a pure function of seed and number.
   *
   * @param fractions the shares of train, valid and test
   * @param seed any number, from which the draws follow
   */
  record ByShare(SplitFractions fractions, long seed) implements DocumentSplit {
    /**
     * Checks that there are shares.
     *
     * @param fractions the shares of train, valid and test
     * @param seed any number, from which the draws follow
     * @throws NullPointerException if {@code fractions} is null
     */
    public ByShare {
      Objects.requireNonNull(fractions, "fractions");
    }

    @Override
    public String of(long document) {
      double u = new Noise(seed).uniform(Purpose.DATA_ORDER, 0, document, 0);
      if (u < fractions.train()) {
        return "train";
      }
      return u < fractions.train() + fractions.valid() || fractions.test() == 0 ? "valid" : "test";
    }

    @Override
    public Set<String> splits() {
      return Set.copyOf(SplitWriter.SPLITS);
    }

    @Override
    public List<String> expected() {
      List<Double> shares = List.of(fractions.train(), fractions.valid(), fractions.test());
      return IntStream.range(0, shares.size())
          .filter(i -> shares.get(i) > 0)
          .mapToObj(SplitWriter.SPLITS::get)
          .toList();
    }

    @Override
    public Optional<SplitFractions> sharesOfOne() {
      return Optional.of(fractions);
    }

    @Override
    public String toString() {
      return "by document, %s train, %s valid, seed %d"
          .formatted(fractions.train(), fractions.valid(), seed);
    }
  }
}
