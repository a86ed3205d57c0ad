// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.model.LoadedModel;
import io.github.md4.cli.report.Table;
import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.likelihood.BoundEstimate;
import io.github.md4.core.model.SavedModel;
import java.nio.file.Path;
import java.util.List;

/**
 * The bounds of two models on the same sequences under the same masks.
 *
 * @param model the origin of the second model
 */
record Comparison(List<BoundEstimate> first, List<BoundEstimate> second, LoadedModel.Origin model) {

  /**
   * Checks that two models score the same sequences.
   *
   * @param folder the folder of the second
   * @throws InvalidConfigException if their sequences are not equally long
   * @throws InvalidDataException if their vocabularies differ
   */
  static void check(SavedModel.Description first, SavedModel.Description second, Path folder) {
    int length = first.config().length();
    int other = second.config().length();
    if (length != other) {
      throw new InvalidConfigException(
          "--compare",
          "the models must score sequences of one length to be compared in pairs: %,d and %,d tokens"
              .formatted(length, other));
    }
    if (!first.tokenizer().equals(second.tokenizer())) {
      throw new InvalidDataException(
          folder,
          "its vocabulary, %s, is not that of the model that it is compared with, %s"
              .formatted(second.tokenizer().summary(), first.tokenizer().summary()));
    }
  }

  /** Adds the second model's bounds and the differences. */
  void addTo(Table table, String prefix) {
    for (int i = 0; i < first.size(); i++) {
      BoundEstimate other = counterpart(i);
      table.row(
          prefix + "compared, " + other.objective(),
          "perplexity %s",
          new EvaluationFields(other).perplexity());
      table.row(prefix + name(i), "%s", EvaluationFields.text(difference(i)));
    }
  }

  /** Adds the origin of the second model. */
  static void addModel(Table table, LoadedModel.Origin model) {
    table.row(
        "compared with",
        "%s, weights %s, SHA-256 %s",
        model.file(),
        model.weights(),
        model.sha256());
  }

  void addTo(ObjectNode json) {
    ObjectNode compared = json.putObject("compared");
    compared.set("model", model.json());
    ArrayNode differences = compared.putArray("differences");
    for (int i = 0; i < first.size(); i++) {
      differences.add(EvaluationFields.json(name(i), difference(i)));
    }
    ArrayNode estimates = compared.putArray("estimates");
    second.forEach(each -> estimates.add(new EvaluationFields(each).json()));
  }

  private String name(int i) {
    return "first less compared, " + first.get(i).objective();
  }

  /**
   * Returns the other model's bound by the same estimator. An autoregressive model has one bound
   * only.
   */
  private BoundEstimate counterpart(int i) {
    return second.get(Math.min(i, second.size() - 1));
  }

  private BoundEstimate.Difference difference(int i) {
    return first.get(i).minus(counterpart(i));
  }
}
