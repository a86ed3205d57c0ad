// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.packing;

import io.github.md4.core.token.Provenance;
import io.github.md4.core.token.TokenFile;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.train.data.SplitFractions;
import io.github.md4.train.internal.data.SplitWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * A data set of one document, which cannot be split by documents. It is cut by position instead, as
 * a plain text is.
 */
record LoneDocument(Path folder, TokenFileInfo whole) {
  private static final int BLOCK = 1 << 18;
  private static final String SETTING = "; one document, so split by position";

  /** Returns whether the document has a token for each share above 0. */
  boolean canBeCut(SplitFractions fractions) {
    try {
      List<Long> unused = fractions.counts(whole.count());
      return true;
    } catch (IllegalArgumentException tooShort) {
      return false;
    }
  }

  /** Replaces the file of the document by those of the splits and returns their descriptions. */
  List<TokenFileInfo> cut(SplitFractions fractions) throws IOException {
    SplitWriter.DataSet data =
        new SplitWriter.DataSet(whole.dataSet(), whole.tokenizer(), provenance());
    try (TokenFile tokens = TokenFile.open(SplitWriter.bin(folder, whole.split()));
        SplitWriter writer = new SplitWriter(folder, data, fractions.counts(whole.count()))) {
      for (long done = 0; done < whole.count(); done += BLOCK) {
        writer.write(tokens.read(done, (int) Math.min(BLOCK, whole.count() - done)));
      }
      return writer.finish();
    }
  }

  private Provenance provenance() {
    Provenance of = whole.provenance();
    return new Provenance(of.source(), of.version(), of.settings() + SETTING, of.files());
  }
}
