// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

/**
 * The times of the steps of Dream's diffusion_generate, from 1 to 0.001 in float32 (RADD's to
 * 0.00001), so that the share that a step reveals is a little below one over the steps that are
 * left.
 *
 * @param last the time of the last step's end
 * @param steps the number of steps
 */
record DreamTimes(float last, int steps) {
  /** Dream's last time. */
  static final float LAST = 1e-3f;

  static DreamTimes of(PublishedMethod.Dream method) {
    return new DreamTimes(method.algorithm().lastTime, method.steps());
  }

  /** Returns a time of the grid, as PyTorch's linspace rounds it. */
  private float time(int index) {
    float width = (last - 1) / steps;
    return index < (steps + 1) / 2 ? 1 + width * index : last - width * (steps - index);
  }

  boolean isLast(int step) {
    return step == steps - 1;
  }

  /** Returns the share of the masks that a step reveals, but for the last, which reveals all. */
  float share(int step) {
    return 1 - time(step + 1) / time(step);
  }

  /** Returns how many of so many masks a step reveals. */
  int count(int step, int masks) {
    return isLast(step) ? masks : (int) (masks * share(step));
  }
}
