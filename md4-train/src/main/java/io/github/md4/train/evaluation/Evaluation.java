// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.evaluation;

import io.github.md4.core.likelihood.LikelihoodEstimate;
import io.github.md4.core.model.Weights;

/**
 * The likelihood that a model in training gives to one file.
 *
 * @param split the file's split, such as valid or test; the name of the file where none is known
 * @param weights the weights that were scored
 * @param estimate the bound on held-out data, nats per token, with its error
 */
public record Evaluation(String split, Weights weights, LikelihoodEstimate estimate) {}
