// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.train;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.Choices;
import io.github.md4.core.token.TokenFile;
import io.github.md4.train.TrainingPlan;
import io.github.md4.train.TrainingRun;
import io.github.md4.train.batch.TrainingData;
import io.github.md4.train.folder.RunFolder;
import java.io.IOException;

/** The checkpoint that a run continues from. */
public enum ResumeFrom {
  LAST("last") {
    @Override
    TrainingRun open(RunFolder run, TrainingPlan plan, TokenFile tokens, NDManager manager)
        throws IOException {
      return TrainingRun.resume(run, plan, tokens, manager);
    }
  },
  LAST_GOOD("last-good") {
    @Override
    TrainingRun open(RunFolder run, TrainingPlan plan, TokenFile tokens, NDManager manager)
        throws IOException {
      return TrainingRun.resumeLastGood(run, plan, TrainingData.of(tokens), manager);
    }
  };

  private final String text;

  ResumeFrom(String text) {
    this.text = text;
  }

  abstract TrainingRun open(RunFolder run, TrainingPlan plan, TokenFile tokens, NDManager manager)
      throws IOException;

  /** Returns the choice written as {@code last} or {@code last-good}. */
  public static ResumeFrom parse(String text) {
    return Choices.parse(values(), "resume", text);
  }

  @Override
  public String toString() {
    return text;
  }
}
