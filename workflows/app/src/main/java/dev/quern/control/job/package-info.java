/** What every part of the control process knows of a job: its rows, documents, sources, places and artifacts. */
@NullMarked
package dev.quern.control.job;

import org.jspecify.annotations.NullMarked;
