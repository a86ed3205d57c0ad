// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import java.util.Set;

/** Which split a document belongs to; the same for all of it. */
public sealed interface DocumentSplit {

  /** Returns the split of the document of that number, from 0. */
  String of(long document);

  /** Returns the splits that there can be. */
  Set<String> splits();

  /** All documents are in one. */
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

  /** Each document is drawn by itself, by shares. */
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
