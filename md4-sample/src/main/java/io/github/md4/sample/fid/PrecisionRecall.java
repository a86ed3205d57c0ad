// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.fid;

/**
 * The precision and recall of samples: how far they look like the reference, and how much of it
 * they cover.
 *
 * @param precision the share of samples inside the reference's manifold
 * @param recall the share of the reference inside the samples' manifold
 * @param samples the number of samples compared
 * @param references the number of reference images compared
 */
public record PrecisionRecall(double precision, double recall, int samples, int references) {

  /**
   * {@return both}
   *
   * @param samples the features of samples, [n, D]
   * @param references the features of real images, [m, D]
   * @param neighbours the number of neighbours that a ball reaches to
   */
  public static PrecisionRecall of(float[][] samples, float[][] references, int neighbours) {
    return new PrecisionRecall(
        new Manifold(references, neighbours).shareInside(samples),
        new Manifold(samples, neighbours).shareInside(references),
        samples.length,
        references.length);
  }
}
