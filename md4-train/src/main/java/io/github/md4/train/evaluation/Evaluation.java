// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.evaluation;

import io.github.md4.core.likelihood.LikelihoodEstimate;
import io.github.md4.core.model.Weights;

/**
 * The likelihood that a model in training gives to one file or list of sequences.
 *
 * @param split the file's split, such as valid or test; the name of the file where none is known
 * @param weights the weights that were scored: as they are, or averaged
 * @param estimate the bound on held-out data, in nats with its error, also in bits per token
 */
public record Evaluation(String split, Weights weights, LikelihoodEstimate estimate) {}
