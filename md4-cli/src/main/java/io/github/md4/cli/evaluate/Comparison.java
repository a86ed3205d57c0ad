// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.support.LoadedModel;
import io.github.md4.cli.support.Table;
import io.github.md4.core.likelihood.BoundEstimate;
import java.util.List;

/** The bounds of two models on the same chunks under the same masks. */
record Comparison(EvaluationReport first, EvaluationReport second) {

  void addTo(Table table) {
    for (int i = 0; i < first.bounds().size(); i++) {
      BoundEstimate other = counterpart(i);
      table.row(
          "compared, " + other.objective(),
          "perplexity %s",
          new EvaluationFields(other).perplexity());
      table.row(name(i), "%s", EvaluationFields.text(difference(i)));
    }
    LoadedModel.Origin model = second.inputs().model();
    table.row(
        "compared with",
        "%s, weights %s, SHA-256 %s",
        model.file(),
        model.weights(),
        model.sha256());
  }

  void addTo(ObjectNode json) {
    ObjectNode compared = json.putObject("compared");
    compared.set("model", second.inputs().model().json());
    ArrayNode differences = compared.putArray("differences");
    for (int i = 0; i < first.bounds().size(); i++) {
      differences.add(EvaluationFields.json(name(i), difference(i)));
    }
    List<BoundEstimate> bounds = second.bounds();
    ArrayNode estimates = compared.putArray("estimates");
    bounds.forEach(each -> estimates.add(new EvaluationFields(each).json()));
  }

  private String name(int i) {
    return "first less compared, " + first.bounds().get(i).objective();
  }

  /**
   * Returns the other model's bound by the same estimator. An autoregressive model has one bound
   * only.
   */
  private BoundEstimate counterpart(int i) {
    return second.bounds().get(Math.min(i, second.bounds().size() - 1));
  }

  private BoundEstimate.Difference difference(int i) {
    return first.bounds().get(i).minus(counterpart(i));
  }
}
