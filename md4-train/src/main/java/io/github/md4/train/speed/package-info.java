// SPDX-License-Identifier: Apache-2.0
/** What a training computes, what a device could, and where measurements lie. */
package io.github.md4.train.speed;
