// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.fid;

import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.EigenDecomposition_F64;

/**
 * The squared Frechet distance of two normal laws (Heusel and others, arXiv 1706.08500, Equation
 * 6), in double:
 *
 * <pre>{@code
 * |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2))
 * }</pre>
 *
 * <p>The trace of the root is the sum of the roots of the eigenvalues of {@code C1 C2}, which are
 * those of the symmetric {@code S C2 S} for the root S of C1. So no root of an unsymmetric matrix
 * is taken, and eigenvalues that rounding makes negative count as zero.
 */
public final class FrechetDistance {
  private FrechetDistance() {}

  /**
   * {@return the squared distance of laws with these moments, at least 0, in the features' unit
   * squared}
   *
   * @param first the moments of one set, of at least two vectors
   * @param second the moments of the other set, of the same width
   * @throws IllegalArgumentException if the features differ in width, or a covariance is not finite
   * @throws IllegalStateException if there were fewer than two vectors of one
   */
  public static double of(FeatureMoments first, FeatureMoments second) {
    if (first.width() != second.width()) {
      throw new IllegalArgumentException(
          "features must be of one width: %d, %d".formatted(first.width(), second.width()));
    }
    double distance = 0;
    double[] mean = first.mean();
    double[] other = second.mean();
    for (int i = 0; i < mean.length; i++) {
      distance += (mean[i] - other[i]) * (mean[i] - other[i]);
    }
    DMatrixRMaj c1 = first.covariance();
    DMatrixRMaj c2 = second.covariance();
    distance += CommonOps_DDRM.trace(c1) + CommonOps_DDRM.trace(c2);
    return Math.max(0, distance - 2 * traceOfRoot(c1, c2)); // of equal laws, rounding may be less
  }

  private static double traceOfRoot(DMatrixRMaj c1, DMatrixRMaj c2) {
    DMatrixRMaj root = root(c1);
    DMatrixRMaj half = new DMatrixRMaj(c1.numRows, c1.numRows);
    DMatrixRMaj product = new DMatrixRMaj(c1.numRows, c1.numRows);
    CommonOps_DDRM.mult(root, c2, half);
    CommonOps_DDRM.mult(half, root, product);
    EigenDecomposition_F64<DMatrixRMaj> eigen = eigen(product, false);
    double trace = 0;
    for (int i = 0; i < eigen.getNumberOfEigenvalues(); i++) {
      trace += Math.sqrt(Math.max(0, eigen.getEigenvalue(i).getReal()));
    }
    return trace;
  }

  /** The symmetric root of a covariance. */
  private static DMatrixRMaj root(DMatrixRMaj covariance) {
    int width = covariance.numRows;
    EigenDecomposition_F64<DMatrixRMaj> eigen = eigen(covariance, true);
    DMatrixRMaj root = new DMatrixRMaj(width, width);
    for (int k = 0; k < width; k++) {
      double value = Math.sqrt(Math.max(0, eigen.getEigenvalue(k).getReal()));
      DMatrixRMaj vector = eigen.getEigenVector(k);
      CommonOps_DDRM.multAddTransB(value, vector, vector, root);
    }
    return root;
  }

  private static EigenDecomposition_F64<DMatrixRMaj> eigen(DMatrixRMaj of, boolean withVectors) {
    symmetrise(of);
    EigenDecomposition_F64<DMatrixRMaj> eigen =
        DecompositionFactory_DDRM.eig(of.numRows, withVectors, true);
    if (!eigen.decompose(of.copy())) {
      throw new IllegalArgumentException("covariances must be finite");
    }
    return eigen;
  }

  private static void symmetrise(DMatrixRMaj matrix) {
    for (int i = 0; i < matrix.numRows; i++) {
      for (int j = 0; j < i; j++) {
        double mean = (matrix.get(i, j) + matrix.get(j, i)) / 2;
        matrix.set(i, j, mean);
        matrix.set(j, i, mean);
      }
    }
  }
}
