/** The relation of templates, under the name that compiling knows it by. */
export { RelationValue, relationType } from '../stdlib/relation.ts'
