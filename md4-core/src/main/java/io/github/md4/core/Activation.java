// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

/**
 * The non-linearity of the gated feed-forward, and of the condition before every adaLN product
 * (Shazeer, 2020, arXiv 2002.05202).
 *
 * <p>With {@code v} the value half and {@code g} the gate half, the gated feed-forward computes
 * {@code v * activation(g)}.
 */
public enum Activation {
  /** Sigmoid, {@code 1 / (1 + exp(-x))}. */
  GLU(0, "torch.sigmoid(x)", "torch.glu(u, -1)", "torch.sigmoid_backward(dy, torch.sigmoid(x))"),
  /** Swish, {@code x / (1 + exp(-x))}. */
  SWIGLU(1, "torch.silu(x)", "torch.mul(a, torch.silu(b))", "torch.silu_backward(dy, x)"),
  /** GELU in its tanh approximation (Hendrycks and Gimpel, 2016). */
  GEGLU(
      2,
      "torch.gelu(x, approximate=\"tanh\")",
      "torch.mul(a, torch.gelu(b, approximate=\"tanh\"))",
      "torch.gelu_backward(dy, x, approximate=\"tanh\")");

  /** The value of the constant {@code GATE} in {@code fused.cu}. */
  public final int number;

  private final String ofX;
  private final String gated;
  private final String backward;

  Activation(int number, String ofX, String gated, String backward) {
    this.number = number;
    this.ofX = ofX;
    this.gated = gated;
    this.backward = backward;
  }

  /**
   * {@return the activation written as {@code glu}, {@code swiglu} or {@code geglu}}
   *
   * @param text the text, as configs hold it
   * @throws IllegalArgumentException for any other text
   */
  public static Activation parse(String text) {
    return Choices.parse(values(), "activation", text);
  }

  @Override
  public String toString() {
    return Choices.name(this);
  }

  /** {@return the TorchScript functions {@code activate} and {@code gated}} */
  public String functions() {
    return """
    def activate(self: __torch__.M, x: Tensor) -> Tensor:
      return %s
    def gated(self: __torch__.M, u: Tensor) -> Tensor:
      a, b = torch.chunk(u, 2, -1)
      return %s
    """
        .formatted(ofX, gated);
  }

  /**
   * {@return the TorchScript function {@code activateBackward}, the gradient of {@code activate} by
   * x}
   */
  public String backward() {
    return """
    def activateBackward(self: __torch__.M, dy: Tensor, x: Tensor) -> Tensor:
      return %s
    """
        .formatted(backward);
  }
}
