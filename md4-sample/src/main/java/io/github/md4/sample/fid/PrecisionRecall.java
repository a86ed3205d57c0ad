// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.fid;

/**
 * How far samples look like the reference, and how much of it they cover.
 *
 * @param precision the share of samples inside the reference's manifold
 * @param recall the share of the reference inside the samples' manifold
 * @param samples how many of either were compared
 */
public record PrecisionRecall(double precision, double recall, int samples, int references) {

  /**
   * Returns both of these.
   *
   * @param neighbours how many neighbours a ball reaches to
   */
  public static PrecisionRecall of(float[][] samples, float[][] references, int neighbours) {
    return new PrecisionRecall(
        new Manifold(references, neighbours).shareInside(samples),
        new Manifold(samples, neighbours).shareInside(references),
        samples.length,
        references.length);
  }
}
