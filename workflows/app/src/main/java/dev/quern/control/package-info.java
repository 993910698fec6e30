/** The control process: hosts the workflow and its light activities, starts and follows workflows, tells the rows. */
@NullMarked
package dev.quern.control;

import org.jspecify.annotations.NullMarked;
