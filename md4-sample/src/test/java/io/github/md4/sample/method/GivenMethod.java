// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.diffusion.ScoreForm;
import io.github.md4.core.schedule.MaskingSchedule;
import java.util.function.BiFunction;

/** A procedure as a method, by the schedule and the form of the scores. */
record GivenMethod(
    BiFunction<MaskingSchedule, ScoreForm, SamplingProcedure> procedure, boolean readsMask)
    implements SamplingMethod {
  @Override
  public String text() {
    return "given";
  }

  @Override
  public String name() {
    return "given";
  }

  @Override
  public boolean isExact() {
    return false;
  }

  @Override
  public double timeAt(double from) {
    return from;
  }

  @Override
  public SamplingProcedure md4(MaskingSchedule schedule) {
    return scored(schedule, new ScoreForm.Softmax());
  }

  @Override
  public SamplingProcedure scored(MaskingSchedule schedule, ScoreForm form) {
    return procedure.apply(schedule, form);
  }
}
