// SPDX-License-Identifier: Apache-2.0
/** AdamW, its learning rate, and the bounds on its gradients. */
package io.github.md4.train.optimizer;
