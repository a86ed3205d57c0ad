// SPDX-License-Identifier: Apache-2.0
/** AdamW, its learning rate, and what bounds its gradients. */
package io.github.md4.core.optimizer;
