// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.evaluate;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.report.Table;
import io.github.md4.core.likelihood.Agreement;
import io.github.md4.core.likelihood.BoundEstimate;
import java.util.List;

/**
 * The results of several estimators on the same data, their differences in turn, and their checks.
 */
record EvaluationList(List<BoundEstimate> bounds) {

  void addTo(Table table) {
    for (BoundEstimate each : bounds) {
      EvaluationFields fields = new EvaluationFields(each);
      table.row(
          each.objective().toString(),
          "perplexity %s; nats per token %s",
          fields.perplexity(),
          fields.nats());
    }
    for (int i = 0; i + 1 < bounds.size(); i++) {
      table.row(name(i), "%s", EvaluationFields.text(difference(i)));
    }
    Contradictions.of(bounds).addTo(table);
  }

  void addTo(ObjectNode json) {
    ArrayNode estimates = json.putArray("estimates");
    bounds.forEach(each -> estimates.add(new EvaluationFields(each).json()));
    ArrayNode differences = json.putArray("differences");
    for (int i = 0; i + 1 < bounds.size(); i++) {
      differences.add(EvaluationFields.json(name(i), difference(i)));
    }
    ArrayNode checks = json.putArray("agreement");
    for (Agreement.Check check : Contradictions.of(bounds).checks()) {
      checks.addObject().put("outcome", check.outcome().name()).put("text", check.text());
    }
  }

  private BoundEstimate.Difference difference(int i) {
    return bounds.get(i).minus(bounds.get(i + 1));
  }

  private String name(int i) {
    return bounds.get(i).objective() + " less " + bounds.get(i + 1).objective();
  }
}
