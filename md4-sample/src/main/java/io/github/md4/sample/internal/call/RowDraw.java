// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.call;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.internal.torch.DrawKernels;
import io.github.md4.core.internal.torch.Inversion;
import io.github.md4.sample.law.TokenLaw;
import java.util.Optional;

/** A draw of tokens from logits, for all rows of a call at once. */
public interface RowDraw {

  /**
   * Returns tokens, probabilities and confidences, float64 [3, R].
   *
   * @param logits the network's, float [R, V]
   * @param noise of the queries, float64 [c, R]
   */
  NDArray draw(DrawKernels kernels, NDManager scope, TokenLaw law, NDArray logits, NDArray noise);

  /**
   * Returns the draw as one by inversion of the network's law by a temperature and cut; empty for
   * others.
   */
  default Optional<Inversion> inversion(TokenLaw law) {
    return Optional.empty();
  }

  /** Inversion in float64, from one uniform a row: c = 1. */
  record Exact(Confidence confidence) implements RowDraw {
    @Override
    public Optional<Inversion> inversion(TokenLaw law) {
      return LawLogits.inversion(law, confidence, Inversion.Told.OF_NETWORK);
    }

    @Override
    public NDArray draw(
        DrawKernels kernels, NDManager scope, TokenLaw law, NDArray logits, NDArray noise) {
      NDArray u = noise.flatten(); // [R]
      if (law.isModel()) {
        return kernels.draw(scope, logits, u, confidence);
      }
      return kernels.drawFrom(
          scope, logits, LawLogits.of(law, kernels, scope, logits), u, confidence);
    }
  }

  /** Float32 Gumbel noise, from a key and a probability of being revealed a row: c = 3. */
  record Reference() implements RowDraw {
    @Override
    public NDArray draw(
        DrawKernels kernels, NDManager scope, TokenLaw law, NDArray logits, NDArray noise) {
      return kernels.reference(scope, logits, LawLogits.of(law, kernels, scope, logits), noise);
    }
  }

  /** A token or the mask, from a uniform and the scores' factor a row: c = 2. */
  record Scored(boolean isNormalised, boolean leaps) implements RowDraw {
    @Override
    public NDArray draw(
        DrawKernels kernels, NDManager scope, TokenLaw law, NDArray logits, NDArray noise) {
      NDArray of = LawLogits.of(law, kernels, scope, logits);
      return kernels.scored(scope, logits, of, noise, isNormalised, leaps);
    }
  }

  /** The step back of discrete time with uniform noise: c = 4. */
  record UniformStep() implements RowDraw {
    @Override
    public NDArray draw(
        DrawKernels kernels, NDManager scope, TokenLaw law, NDArray logits, NDArray noise) {
      return kernels.uniformStep(scope, logits, LawLogits.of(law, kernels, scope, logits), noise);
    }
  }

  /** A leap of continuous time with uniform noise: c = 5. */
  record UniformLeap() implements RowDraw {
    @Override
    public NDArray draw(
        DrawKernels kernels, NDManager scope, TokenLaw law, NDArray logits, NDArray noise) {
      return kernels.uniformLeap(scope, logits, LawLogits.of(law, kernels, scope, logits), noise);
    }
  }

  /**
   * Tokens as {@link Exact} draws them, c = 1, and the guesses of the clean vectors: [3 + D, R].
   *
   * @param width D
   */
  record Gaussian(int width) implements RowDraw {
    @Override
    public NDArray draw(
        DrawKernels kernels, NDManager scope, TokenLaw law, NDArray logits, NDArray noise) {
      long v = logits.getShape().get(1) - width - 1;
      NDArray ofTokens = logits.get(new NDIndex(":, 0:{}", v)); // [R, V]
      NDArray guesses = logits.get(new NDIndex(":, {}:{}", v, v + width)); // [R, D]
      NDArray tokens = new Exact(Confidence.PROBABILITY).draw(kernels, scope, law, ofTokens, noise);
      return tokens.concat(guesses.transpose().toType(DataType.FLOAT64, false)); // [3 + D, R]
    }
  }

  /**
   * Inversion in float64 from one uniform a row, c = 1, with probabilities and confidences of the
   * law of the tokens; where that is of the likeliest tokens alone, of the law without temperature.
   */
  record OfLaw(Confidence confidence) implements RowDraw {
    @Override
    public Optional<Inversion> inversion(TokenLaw law) {
      return LawLogits.inversion(law, confidence, Inversion.Told.OF_TOKENS)
          .filter(each -> each.temperature() > 0 || law.temperature() == 0); // else of one token
    }

    @Override
    public NDArray draw(
        DrawKernels kernels, NDManager scope, TokenLaw law, NDArray logits, NDArray noise) {
      NDArray u = noise.flatten(); // [R]
      if (law.temperature() == 0) {
        NDArray cut = LawLogits.of(new TokenLaw(1, law.truncations()), kernels, scope, logits);
        return kernels.draw(scope, cut, u.zerosLike().add(DrawKernels.LIKELIEST), confidence);
      }
      return kernels.draw(scope, LawLogits.of(law, kernels, scope, logits), u, confidence);
    }
  }
}
