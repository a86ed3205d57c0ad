// SPDX-License-Identifier: Apache-2.0
/** The law from which a token is drawn: temperature and truncation. */
package io.github.md4.sample.law;
