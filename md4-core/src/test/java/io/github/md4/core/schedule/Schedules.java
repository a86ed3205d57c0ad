// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

import java.util.List;

/** The one list of all variants. */
public final class Schedules {
  public static final List<Curve> CURVES =
      List.of(
          new Curve.Linear(),
          new Curve.Cosine(),
          new Curve.Polynomial(0.5),
          new Curve.Polynomial(1),
          new Curve.Polynomial(3),
          new Curve.Geometric(),
          new Curve.LogLinear(Curve.LogLinear.DEFAULT_EPSILON));
  public static final List<MaskingSchedule> SCHEDULES =
      CURVES.stream().map(MaskingSchedule::new).toList();
  public static final List<TimeAxis> AXES =
      List.of(new TimeAxis.Continuous(), new TimeAxis.Discrete(7));
  public static final List<SamplingGrid> GRIDS =
      List.of(new SamplingGrid.Uniform(), new SamplingGrid.Cosine());
  public static final List<TimeSampling> SAMPLINGS =
      List.of(new TimeSampling.LowDiscrepancy(), new TimeSampling.Independent());

  private Schedules() {}
}
