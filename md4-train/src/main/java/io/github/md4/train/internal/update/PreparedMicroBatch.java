// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.update;

import io.github.md4.core.diffusion.QueryBatch;
import io.github.md4.core.loss.AskedRows;
import io.github.md4.core.network.TrainableNetwork;

/**
 * A micro-batch of a {@link PreparedStep}.
 *
 * @param input the input of the network
 * @param queries the queries behind it
 * @param rows what is known of the asked rows
 * @param weights the factor of each row's loss in that of the step [R]
 */
public record PreparedMicroBatch(
    TrainableNetwork.Prepared input, QueryBatch queries, AskedRows rows, float[] weights) {}
