// SPDX-License-Identifier: Apache-2.0
/** NCCL, by which GPUs of several processes add up their gradients. */
package io.github.md4.core.internal.nccl;
