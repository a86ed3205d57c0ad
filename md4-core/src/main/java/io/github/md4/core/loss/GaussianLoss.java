// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.index.NDIndex;

/**
 * The loss of Gaussian diffusion over embedded tokens (Gulrajani and Hashimoto, 2023), in nats
 * where it is the cross-entropy: the squared distance between a token's embedding and the guess of
 * it, or at the end of the way back the cross-entropy of the token.
 *
 * <p>Columns are V logits, then D coordinates of the guess, then the squared distance, which the
 * network tells since it has the embeddings. The fact of a row is 1 where the cross-entropy counts
 * and 0 where the distance does.
 *
 * @param vocabularySize V, the number of tokens
 */
public record GaussianLoss(int vocabularySize) implements FormulaLoss {
  private static final int COLUMNS = 1;

  @Override
  public Values values(NDArray logits, AskedRows.OnDevice rows) {
    long columns = logits.getShape().get(COLUMNS);
    NDArray isToken = rows.fact(0); // [R, 1]
    NDArray isDistance = isToken.onesLike().sub(isToken); // [R, 1]
    NDArray ofTokens = logits.get(new NDIndex(":, 0:{}", vocabularySize)); // [R, V]
    NDArray distance = logits.get(new NDIndex(":, {}:", columns - 1)); // [R, 1]
    NDArray logMu = ofTokens.logSoftmax(COLUMNS); // [R, V]
    NDArray isX =
        OneHot.of(rows.targets().expandDims(1), (long) vocabularySize, logits.getDataType());
    NDArray crossEntropy = logMu.mul(isX).sum(new int[] {COLUMNS}, true).neg(); // [R, 1]
    NDArray losses = crossEntropy.mul(isToken).add(distance.mul(isDistance)); // [R, 1]
    NDArray byTokens = logMu.exp().sub(isX).mul(isToken); // [R, V]
    NDArray byGuess =
        logits.get(new NDIndex(":, {}:{}", vocabularySize, columns - 1)).zerosLike(); // [R, D]
    NDArray gradient = NDArrays.concat(new NDList(byTokens, byGuess, isDistance), COLUMNS);
    return new Values(losses.squeeze(COLUMNS), gradient);
  }
}
