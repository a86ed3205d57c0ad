// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.fid;

/**
 * The precision and recall of samples by balls around their neighbours (Kynkaanniemi and others,
 * arXiv 1904.06991, Equation 2): how far they look like the reference, and how much of it they
 * cover.
 *
 * @param precision the share of samples inside the reference's manifold, in [0, 1]
 * @param recall the share of the reference inside the samples' manifold, in [0, 1]
 * @param samples the number of samples compared
 * @param references the number of reference images compared
 */
public record PrecisionRecall(double precision, double recall, int samples, int references) {

  /**
   * {@return precision and recall of samples}
   *
   * @param samples the features of samples, [n][F]
   * @param references the features of real images, [m][F]
   * @param neighbours the number of neighbours that a ball reaches to, at least 1 and below n and
   *     m; the paper has 3
   * @throws IllegalArgumentException if it is out of this range
   */
  public static PrecisionRecall of(float[][] samples, float[][] references, int neighbours) {
    return new PrecisionRecall(
        new Manifold(references, neighbours).shareInside(samples),
        new Manifold(samples, neighbours).shareInside(references),
        samples.length,
        references.length);
  }
}
