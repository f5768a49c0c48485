import { LabIcon } from '@jupyterlab/ui-components';

import svgstr from '../style/axon.svg';

/** The cross-section of an axon and the myelin that winds around it. */
export const axonIcon = new LabIcon({ name: 'axons:axon', svgstr });
