// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import java.util.Set;

/** The split that each document belongs to as a whole. */
public sealed interface DocumentSplit {

  /** Returns the split of a document by its number, from 0. */
  String of(long document);

  /** Returns the splits that can occur. */
  Set<String> splits();

  /** One split for all documents. */
  record One(String split) implements DocumentSplit {
    public One {
      require(SplitWriter.SPLITS.contains(split), "split must be train, valid or test", split);
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
    public String toString() {
      return "all " + split;
    }
  }

  /** A split that is drawn for each document by shares. */
  record ByShare(SplitFractions fractions, long seed) implements DocumentSplit {
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
    public String toString() {
      return "by document, %s train, %s valid, seed %d"
          .formatted(fractions.train(), fractions.valid(), seed);
    }
  }
}
