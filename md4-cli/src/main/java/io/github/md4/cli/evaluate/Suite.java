// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import io.github.md4.cli.model.LoadedModel;
import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.likelihood.Examples;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.token.Sha256;
import io.github.md4.train.data.zeroshot.Protocol;
import io.github.md4.train.data.zeroshot.ScoredRows;
import io.github.md4.train.data.zeroshot.ZeroShotSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The zero-shot sets of a folder, laid out by a protocol.
 *
 * @param folder the folder that has a folder for each set
 * @param stride the tokens from the beginning of a window to that of the next; the model's length
 *     where it is 0
 */
record Suite(Path folder, Protocol protocol, int stride) {

  /**
   * Evaluates a model on every set that the folder has.
   *
   * @throws InvalidDataException if it has none
   */
  SuiteReport evaluate(LoadedModel model, EvaluationTask evaluation) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new InvalidDataException(folder, "no such folder; it must have one for each set");
    }
    SuiteReport report = new SuiteReport(evaluation, layout(model.description()), model.origin());
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

  /** Returns the layout of a model's sequences. */
  private SuiteReport.Layout layout(SavedModel.Description model) {
    int length = model.config().length();
    boolean isCausal = model.config().objective().isCausal();
    if (stride != 0 && stride != length && !isCausal) {
      throw new InvalidConfigException(
          "--stride",
          "a model of objective %s scores whole sequences, only one from left to right windows"
              .formatted(model.config().objective()));
    }
    boolean fits = stride <= length && (stride == 0 || protocol.layout() == Protocol.Layout.WRAP);
    if (!fits) {
      throw new InvalidConfigException(
          "--stride",
          "must be in [1, %d], the model's length, and goes with --protocol md4 or sedd: %d with %s"
              .formatted(length, stride, protocol));
    }
    return new SuiteReport.Layout(protocol, length, stride == 0 ? length : stride, isCausal);
  }

  private ScoredRows rows(SavedModel.Description model, ZeroShotSet set, List<Path> files)
      throws IOException {
    try {
      int length = model.config().length();
      return ScoredRows.read(
          files,
          set.documents(),
          model.tokenizer(),
          protocol,
          length,
          stride == 0 ? length : stride);
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
