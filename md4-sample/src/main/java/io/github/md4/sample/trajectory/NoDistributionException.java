// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.trajectory;

/** A network whose logits are NaN or infinite, so that no token can be drawn. */
public final class NoDistributionException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** Makes the failure of a draw. */
  public NoDistributionException() {
    super("the network gives NaN or infinite logits; no token can be drawn from them");
  }
}
