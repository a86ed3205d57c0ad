// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import io.github.md4.cli.support.LoadedModel;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.likelihood.Examples;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.token.Sha256;
import io.github.md4.train.data.Protocol;
import io.github.md4.train.data.ScoredRows;
import io.github.md4.train.data.ZeroShotSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The zero-shot sets of a folder, laid out by a protocol.
 *
 * @param folder the folder that has a folder for each set
 */
record Suite(Path folder, Protocol protocol) {

  /**
   * Evaluates a model on every set that the folder has.
   *
   * @throws InvalidDataException if it has none
   */
  SuiteReport evaluate(LoadedModel model, EvaluationTask evaluation) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new InvalidDataException(folder, "no such folder; it must have one for each set");
    }
    SuiteReport report = new SuiteReport(evaluation, protocol, model.origin());
    int found = 0;
    for (ZeroShotSet set : ZeroShotSet.values()) {
      List<Path> files = set.files(folder, protocol);
      if (files.isEmpty()) {
        report.addMissing(set);
      } else {
        ScoredRows rows = rows(model.description(), set, files);
        Examples examples = rows;
        report.add(set, sha256(files), rows, evaluation.bounds(model, examples));
        found++;
      }
    }
    if (found == 0) {
      throw new InvalidDataException(
          folder, "has none of the sets: no " + ZeroShotSet.PTB.wanted(protocol) + " and so on");
    }
    return report;
  }

  private ScoredRows rows(SavedModel.Description model, ZeroShotSet set, List<Path> files)
      throws IOException {
    try {
      return ScoredRows.read(
          files, set.documents(), model.tokenizer(), protocol, model.config().length());
    } catch (IllegalArgumentException e) {
      throw new InvalidDataException(folder, e.getMessage(), e);
    }
  }

  private static String sha256(List<Path> files) throws IOException {
    List<String> hashes = new ArrayList<>();
    for (Path file : files) {
      hashes.add(Sha256.of(file));
    }
    return String.join("+", hashes);
  }
}
